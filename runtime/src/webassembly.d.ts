/** Those parts of the WebAssembly JavaScript Interface that the runtime layer touches. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: {
    prototype: Module;
    new (bytes: Uint8Array): Module;
    exports(module: unknown): unknown[];
  };
  const CompileError: new (message: string) => Error;
  function instantiate(module: Module, imports?: unknown): Promise<unknown>;
}
