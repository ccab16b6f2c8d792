// Streams of bytes with two ends: IdentityTransformStream, CompressionStream and the like.

export { CompressionStream, DecompressionStream } from "./byte_pipes/compression.js";
export { FixedLengthStream, IdentityTransformStream } from "./byte_pipes/identity_stream.js";
