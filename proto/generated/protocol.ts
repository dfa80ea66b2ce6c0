// Generated from the .proto files by scripts/build-proto.ts. Do not edit.

/** Rises with every change of what travels. Processes of different versions refuse each other with a sentence. */
export const protocolVersion = 2
/** SHA-256 of the messages and methods that the version stands for. */
export const protocolDigest = 'fd5ff882b2bc6971cd5469e40a99916809d318e7c683122f95631ab33d83ca1c'
