/** Those parts of the WebAssembly JavaScript Interface that the runtime layer touches. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: {
    prototype: Module;
    new (bytes: Uint8Array): Module;
    exports(module: unknown): unknown[];
    imports(module: Module): ModuleImportDescriptor[];
  };
  interface ModuleImportDescriptor {
    readonly module: string;
    readonly name: string;
    readonly kind: string;
  }
  interface Instance {
    readonly exports: object;
  }
  const Instance: {
    prototype: Instance;
    new (module: Module, imports: object): Instance;
  };
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  const Memory: { prototype: Memory; new (descriptor: unknown): Memory };
  const CompileError: new (message: string) => Error;
  function instantiate(module: Module, imports?: unknown): Promise<unknown>;
  // JavaScript Promise Integration (https://webassembly.github.io/js-promise-integration/)
  /** An import: the WebAssembly code that calls it waits for the promise that it gives. */
  const Suspending: new (call: (...values: number[]) => Promise<void>) => object;
  /** An export that gives a promise, since what it calls may wait. */
  function promising<A extends unknown[], R>(
    call: (...values: A) => R,
  ): (...values: A) => Promise<R>;
}
