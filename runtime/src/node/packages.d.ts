// Those parts of packages without types of their own, and of Node.js's modules as the scripts of
// other modules see them, that are used here.

declare module "buffer/" {
  interface Bytes extends Uint8Array<ArrayBuffer> {
    toString(encoding?: unknown, start?: number, end?: number): string;
    write(text: string, ...rest: unknown[]): number;
    fill(value: unknown, ...rest: unknown[]): this;
    subarray(start?: number, end?: number): Bytes;
    readUIntBE(offset: number, size: number): number;
  }
  export type Buffer = Bytes;
  export const Buffer: {
    prototype: Bytes;
    from(value: unknown, ...rest: unknown[]): Bytes;
    alloc(size: number): Bytes;
    concat(list: readonly Uint8Array[]): Bytes;
    isEncoding(encoding: unknown): boolean;
    isBuffer(value: unknown): value is Bytes;
    byteLength(value: unknown, encoding?: unknown): number;
    copyBytesFrom(source: ArrayBufferView, offset?: number, length?: number): Bytes;
  };
  const buffers: { INSPECT_MAX_BYTES: number; kMaxLength: number; SlowBuffer: unknown };
  export default buffers;
}

declare module "node:buffer" {
  export { Buffer } from "buffer/";
}

declare module "events/" {
  class EventEmitter {
    static defaultMaxListeners: number;
    static init(): void;
    static listenerCount(emitter: EventEmitter, event: unknown): number;
    static once(emitter: EventEmitter, event: unknown): Promise<unknown[]>;
    static call(self: object): void;
    setMaxListeners(n: number): this;
    listenerCount(event: unknown): number;
    addListener(event: unknown, listener: unknown): this;
    on(event: unknown, listener: unknown): this;
    once(event: unknown, listener: unknown): this;
    off(event: unknown, listener: unknown): this;
    removeListener(event: unknown, listener: unknown): this;
    emit(event: unknown, ...values: unknown[]): boolean;
  }
  export default EventEmitter;
}

declare module "node:events" {
  export { default } from "events/";
}

declare module "node:async_hooks" {
  type Callback = (...values: never[]) => unknown;
  export class AsyncResource {
    constructor(type: string);
    runInAsyncScope(callback: Callback, self?: unknown, ...values: unknown[]): unknown;
    emitDestroy(): this;
    asyncId(): number;
    triggerAsyncId(): number;
  }
}

declare module "node:process" {
  const process: { env: Record<string, string> };
  export default process;
}

declare module "node:timers" {
  export const clearImmediate: unknown;
  export const setImmediate: unknown;
}

declare module "node:timers/promises" {
  const promises: Record<string, unknown>;
  export default promises;
}

declare module "node:util/types" {
  const types: Record<string, (value: unknown) => boolean>;
  export default types;
}

declare module "path-browserify" {
  const posix: Record<string, unknown>;
  export default posix;
}

declare module "string_decoder/" {
  const decoders: { StringDecoder: unknown };
  export default decoders;
}

declare module "assert/" {
  const assert: Record<string, unknown> & { strict: Record<string, unknown> };
  export default assert;
}

declare module "node:assert" {
  export { default } from "assert/";
}

declare module "readable-stream/lib/stream" {
  // biome-ignore lint/complexity/noBannedTypes: what is in it is not used here
  type Stream = { prototype: object } & (new (options: object) => {});
  const streams: Record<string, unknown> & {
    promises: Record<string, unknown>;
    Readable: Stream;
    Writable: Stream;
    Duplex: Stream;
    Transform: Stream;
  };
  export default streams;
}

declare module "node:stream" {
  export { default } from "readable-stream/lib/stream";

  import streams from "readable-stream/lib/stream";
  export const Duplex: typeof streams.Duplex;
  export const PassThrough: typeof streams.Duplex;
  export const Readable: typeof streams.Duplex;
  export const Transform: typeof streams.Duplex;
  export const Writable: typeof streams.Duplex;
}

declare module "node-inspect-extracted" {
  export function format(...values: unknown[]): string;
  export function formatWithOptions(options: object, ...values: unknown[]): string;
  export const inspect: {
    (value: unknown, options?: object): string;
    colors: Record<string, [number, number]>;
    custom: symbol;
  };
  export function stripVTControlCharacters(text: string): string;
}

interface Uint8Array {
  toHex(): string;
  toBase64(options?: { alphabet?: string; omitPadding?: boolean }): string;
}

interface Uint8ArrayConstructor {
  fromHex(text: string): Uint8Array;
  fromBase64(text: string, options?: { lastChunkHandling?: string }): Uint8Array;
}

declare const console: Record<"log" | "warn" | "error", (...values: unknown[]) => void>;
