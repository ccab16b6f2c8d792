// The module cloudflare:workflows.
// https://developers.cloudflare.com/workflows/build/workers-api/#nonretryableerror

const { Error } = globalThis;
const { defineProperty } = Reflect;

/** What a workflow's step throws that is not to be tried again. */
export class NonRetryableError extends Error {
  constructor(message: string, name = "NonRetryableError") {
    super(message);
    defineProperty(this, "name", {
      __proto__: null,
      value: name,
      enumerable: true,
      configurable: true,
      writable: true,
    } as PropertyDescriptor);
  }
}
