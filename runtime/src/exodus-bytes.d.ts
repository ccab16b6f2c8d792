// What is used of @exodus/bytes; its own declarations bring Node's globals along.

declare module "@exodus/bytes/encoding-lite.js" {
  export function normalizeEncoding(label: string): string | null;
}

declare module "@exodus/bytes/multi-byte.js" {
  export function createMultibyteDecoder(
    encoding: string,
    loose: boolean,
  ): (bytes: Uint8Array, stream: boolean) => string;
}

declare module "@exodus/bytes/single-byte.js" {
  export function createSinglebyteDecoder(
    encoding: string,
    loose: boolean,
  ): (bytes: Uint8Array) => string;
}
