// Generated from the .proto files by scripts/build-proto.ts. Do not edit.

/** Rises with every change of what travels. Processes of different versions refuse each other with a sentence. */
export const protocolVersion = 5
/** SHA-256 of the messages and methods that the version stands for. */
export const protocolDigest = '1f224bafac67b37c1ecbe207a0946365e5015770146d4f3abe8dd7ffda9a59c3'
