export function normalizeEncoding(label: string): string | null;

export function createMultibyteDecoder(
  encoding: string,
  loose: boolean,
): (bytes: Uint8Array, stream: boolean) => string;

export function createSinglebyteDecoder(
  encoding: string,
  loose: boolean,
): (bytes: Uint8Array) => string;

export function createMultibyteEncoder(encoding: string): (text: string) => Uint8Array;

export function createSinglebyteEncoder(encoding: string): (text: string) => Uint8Array;
