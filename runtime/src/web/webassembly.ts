// WebAssembly without compilers: as on the platform, modules come with the Worker's code, as
// `import module from "./x.wasm"`, and can't be made of bytes.
// WebAssembly JavaScript Interface §4 and §5.1

import { PromiseReject, uncurryGetter } from "../primordials.js";

const { apply, construct, defineProperty, ownKeys, getOwnPropertyDescriptor } = Reflect;

type NativeModule = typeof WebAssembly.Module;

// WebAssembly is not there while the snapshot is built.
let NativeModule: NativeModule;
let CompileError: typeof WebAssembly.CompileError;
/** Throws for what is no module. */
let exportsOf: (module: unknown) => unknown;

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

function disallowed(what: string): Error {
  return new CompileError(`WebAssembly.${what}(): Wasm code generation disallowed by embedder`);
}

/** Replaces what compiles. Modules can still be looked into and instantiated. */
export function installWebAssembly(): void {
  const { instantiate: instantiateModule } = WebAssembly;
  ({ Instance: NativeInstance, Suspending, promising } = WebAssembly);
  instanceExports = uncurryGetter(NativeInstance.prototype, "exports");
  memoryBuffer = uncurryGetter(WebAssembly.Memory.prototype, "buffer");
  NativeModule = WebAssembly.Module;
  CompileError = WebAssembly.CompileError;
  exportsOf = NativeModule.exports;
  replace("Module", makeModule());
  replace("compile", function compile(_bytes: unknown) {
    return PromiseReject(disallowed("compile"));
  });
  replace("instantiate", function instantiate(module: unknown, imports?: unknown) {
    if (!isModule(module)) return PromiseReject(disallowed("instantiate"));
    return apply(instantiateModule, WebAssembly, [module, imports]);
  });
  for (const name of ["compileStreaming", "instantiateStreaming"]) {
    Reflect.deleteProperty(WebAssembly, name);
  }
}

function makeModule(): NativeModule {
  const Module = function Module(this: unknown): void {
    if (new.target === undefined) construct(NativeModule, []); // throws what it has to throw
    throw disallowed("Module");
  };
  for (const key of ownKeys(NativeModule)) {
    defineProperty(Module, key, getOwnPropertyDescriptor(NativeModule, key) as PropertyDescriptor);
  }
  defineProperty(NativeModule.prototype, "constructor", { value: Module });
  return Module as unknown as NativeModule;
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
