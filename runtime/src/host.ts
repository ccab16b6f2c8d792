// What the host process gives beside events: synchronous functions that compute, and reach nothing.

import { TypedArrayByteLength, TypedArraySet } from "./primordials.js";

export interface HostFunctions {
  /** Cryptographically secure random bytes. */
  entropy(size: number): Uint8Array;
  /** Source of a script that is too rare for the snapshot. */
  lazyScript(name: string): string;
  /** A WebAssembly module of our own. */
  lazyBinary(name: string): Uint8Array;
  /** The content of a module that is no ES module; bytes once only. */
  asset(specifier: string): Uint8Array | string;
  /** The full specifier of a module that the runtime layer brings for this Worker. */
  builtIn(specifier: string): string | null;
  /** Whether a function's source is the runtime layer's. */
  isOurs(source: string): boolean;
  /** Says the name of an export that may be called. */
  exported(name: string): void;
  /** Asks for a turn with nothing in it. */
  wake(): void;
  /** Milliseconds of CPU time that the isolate's thread has used. */
  cpuClock(): number;
  /** So many of them are not the Worker's. */
  pardon(milliseconds: number): void;
  // Natives, see natives.ts: bytes come as they are, all else as JSON of a NativeReply.
  callNative(name: string, options: string, ...data: Uint8Array[]): Uint8Array | string;
  /** False when too much is under way. */
  startNative(
    request: number,
    op: number,
    name: string,
    options: string,
    ...data: Uint8Array[]
  ): boolean;
  openNative(request: number, name: string, options: string): string;
  stepNative(state: number, end: boolean, data: Uint8Array): Uint8Array | string;
  closeNative(state: number): void;
  /** The request has ended. */
  endNatives(request: number): void;
}

const NAMES: readonly (keyof HostFunctions)[] = [
  "entropy",
  "lazyScript",
  "lazyBinary",
  "asset",
  "builtIn",
  "isOurs",
  "exported",
  "wake",
  "cpuClock",
  "pardon",
  "callNative",
  "startNative",
  "openNative",
  "stepNative",
  "closeNative",
  "endNatives",
];

export let host: HostFunctions;

/** Takes them off the global object, where the host has bound them: `__entropy` and so on. */
export function takeHostFunctions(): void {
  const scope = globalThis as unknown as Record<string, unknown>;
  const functions: Record<string, unknown> = {};
  for (const name of NAMES) {
    const key = `__${name}`;
    if (typeof scope[key] !== "function") throw new Error(`The host did not bind ${key}.`);
    functions[name] = scope[key];
    delete scope[key];
  }
  host = functions as unknown as HostFunctions;
}

/** Milliseconds of CPU time that this isolate has used. Costs a call of the host. */
export function cpuNow(): number {
  return host.cpuClock();
}

export function fillRandom(bytes: Uint8Array): void {
  TypedArraySet(bytes, host.entropy(TypedArrayByteLength(bytes)));
}

/** Source of a script that was kept out of the snapshot. */
export function lazySource(name: string): string {
  return host.lazyScript(name);
}
