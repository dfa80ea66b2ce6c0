// Generated from the .proto files by scripts/build-proto.ts. Do not edit.

/** Rises with every change of what travels. Processes of different versions refuse each other with a sentence. */
export const protocolVersion = 4
/** SHA-256 of the messages and methods that the version stands for. */
export const protocolDigest = 'd028e974c9f2b458730fe90df8f7ba94f3fb5d61190d13252c3f42b8f49f7885'
