// WebAssembly without compilers: as on the platform, modules come with the Worker's code, as
// `import module from "./x.wasm"`, and can't be made of bytes.
// WebAssembly JavaScript Interface §4 and §5.1

import { loadLazy } from "../lazy.js";
import {
  ArrayBufferByteLength,
  listFilter,
  PromiseReject,
  toArray,
  uncurryGetter,
} from "../primordials.js";

const { apply, construct, defineProperty, ownKeys, getOwnPropertyDescriptor } = Reflect;

type NativeModule = typeof WebAssembly.Module;
type Constructor = new (...values: never[]) => object;

/** Where modules import their own memories from; see isolate/webassembly.py. */
export const MEMORIES = "edgewright:memory";

// WebAssembly is not there while the snapshot is built.
let NativeModule: NativeModule;
let CompileError: typeof WebAssembly.CompileError;
/** Throws for what is no module. */
let exportsOf: (module: unknown) => unknown;
export let importsOf: (module: WebAssembly.Module) => WebAssembly.ModuleImportDescriptor[];
let NativeMemory: typeof WebAssembly.Memory;
let sharedByteLength: (buffer: ArrayBufferLike) => number;

/** For modules of our own. */
export let NativeInstance: typeof WebAssembly.Instance;
export let Suspending: typeof WebAssembly.Suspending;
export let promising: typeof WebAssembly.promising;
export let instanceExports: (instance: WebAssembly.Instance) => object;
export let memoryBuffer: (memory: WebAssembly.Memory) => ArrayBuffer;

/** What an import of a `.wasm` file gives. */
export function compileModule(bytes: Uint8Array): WebAssembly.Module {
  return new NativeModule(bytes);
}

let memories: typeof import("../lazy/webassembly.js") | null = null;

function loadMemories(): typeof import("../lazy/webassembly.js") {
  memories ??= loadLazy("webassembly") as typeof import("../lazy/webassembly.js");
  return memories;
}

/** Bytes of all memories, which are in none of V8's figures. */
export function webAssemblyBytes(): number {
  return memories === null ? 0 : memories.memoryBytes();
}

/** For the memory of a module of our own. */
export function countMemory(memory: WebAssembly.Memory): void {
  loadMemories().count(memory);
}

/** One that nobody counts yet. */
export function makeMemory(descriptor: unknown, newTarget?: object): WebAssembly.Memory {
  return construct(NativeMemory, [descriptor], (newTarget ?? NativeMemory) as Constructor);
}

export function bytesOfMemory(memory: WebAssembly.Memory): number {
  const buffer = memoryBuffer(memory);
  try {
    return ArrayBufferByteLength(buffer);
  } catch {
    return sharedByteLength(buffer);
  }
}

function disallowed(what: string): Error {
  return new CompileError(`WebAssembly.${what}(): Wasm code generation disallowed by embedder`);
}

/** Replaces what compiles, and what makes memories. Modules can still be looked into. */
export function installWebAssembly(): void {
  const { instantiate: instantiateModule } = WebAssembly;
  ({ Instance: NativeInstance, Suspending, promising } = WebAssembly);
  instanceExports = uncurryGetter(NativeInstance.prototype, "exports");
  NativeMemory = WebAssembly.Memory;
  memoryBuffer = uncurryGetter(NativeMemory.prototype, "buffer");
  sharedByteLength = uncurryGetter(SharedArrayBuffer.prototype, "byteLength");
  NativeModule = WebAssembly.Module;
  CompileError = WebAssembly.CompileError;
  exportsOf = NativeModule.exports;
  importsOf = NativeModule.imports;
  replace("Module", makeModule());
  replace(
    "Memory",
    inPlaceOf(NativeMemory, (descriptor, _, newTarget) =>
      loadMemories().newMemory(descriptor, newTarget),
    ),
  );
  replace(
    "Instance",
    inPlaceOf(NativeInstance, (module, imports, newTarget) => {
      const given = isModule(module) ? loadMemories().importsFor(module, imports) : imports;
      return construct(NativeInstance, [module as never, given as never], newTarget as never);
    }),
  );
  replace("compile", function compile(_bytes: unknown) {
    return PromiseReject(disallowed("compile"));
  });
  replace("instantiate", function instantiate(module: unknown, imports?: unknown) {
    if (!isModule(module)) return PromiseReject(disallowed("instantiate"));
    const given = loadMemories().importsFor(module, imports);
    return apply(instantiateModule, WebAssembly, [module, given]);
  });
  for (const name of ["compileStreaming", "instantiateStreaming"]) {
    Reflect.deleteProperty(WebAssembly, name);
  }
}

function makeModule(): NativeModule {
  const Module = inPlaceOf(NativeModule, () => {
    throw disallowed("Module");
  });
  const methods = {
    imports(module: WebAssembly.Module): unknown[] {
      return toArray(listFilter(importsOf(module), (each) => each.module !== MEMORIES));
    },
  };
  defineProperty(Module, "imports", { value: methods.imports });
  return Module;
}

/** A constructor that looks like the native one; `make` is called by `new`. */
function inPlaceOf<T extends Constructor>(
  native: T,
  make: (first: unknown, second: unknown, newTarget: object) => object,
): T {
  const replacement = function (this: unknown, first: unknown, second: unknown): object {
    if (new.target === undefined) apply(native as never, undefined, []); // throws what it has to
    return make(first, second, new.target as object);
  };
  for (const key of ownKeys(native)) {
    defineProperty(replacement, key, getOwnPropertyDescriptor(native, key) as PropertyDescriptor);
  }
  defineProperty(native.prototype, "constructor", { value: replacement });
  return replacement as unknown as T;
}

function isModule(value: unknown): value is WebAssembly.Module {
  try {
    exportsOf(value as WebAssembly.Module);
    return true;
  } catch {
    return false;
  }
}

function replace(name: string, value: object): void {
  defineProperty(WebAssembly, name, { value });
}
