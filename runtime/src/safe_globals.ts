// The language's globals as they were before any Worker ran, for the scripts that are evaluated
// later: of lazy.ts, and the npm packages in them, which take `Map`, `Object.defineProperty` and
// the like from the global object of the moment. In such a script these names are this file's.
//
// Constructors whose static functions matter are copies, with the same prototype (`instanceof` and
// classes work as ever); so what a Worker does to `Object.keys` stays with the Worker. Methods of
// prototypes are not covered: see primordials.ts.

const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } =
  Reflect;
const { create, freeze } = Object;

/** Put in by bundle.js, which gives the same names to the scripts. */
declare const SAFE_NAMES: string[];

type Callable = (...values: unknown[]) => unknown;

/** `globalThis`, as lazy scripts see it. */
export const safeGlobals: Record<string, unknown> = create(null);

for (const name of SAFE_NAMES) {
  const value = (globalThis as Record<string, unknown>)[name];
  const hasStatics = typeof value === "object" || ownKeys(value as object).length > 3;
  safeGlobals[name] = hasStatics ? copyOf(value as object) : value;
}
safeGlobals.globalThis = safeGlobals;
freeze(safeGlobals);

function copyOf(native: object): object {
  const copy = typeof native === "function" ? callable(native as Callable) : create(null);
  // Typed arrays inherit `from` and `of`.
  const parent = getPrototypeOf(native) as object;
  if (ownKeys(parent).includes("from")) copyMembers(parent, native, copy);
  copyMembers(native, native, copy);
  return freeze(copy);
}

function copyMembers(from: object, native: object, copy: object): void {
  for (const key of ownKeys(from)) {
    const descriptor = getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
    const { value } = descriptor;
    if (typeof native === "function" && typeof value === "function") {
      // Static functions ask `this` what to make.
      descriptor.value = (...values: unknown[]) => apply(value as Callable, native, values);
    }
    defineProperty(copy, key, descriptor);
  }
}

function callable(native: Callable): object {
  return function copy(this: unknown, ...values: unknown[]): unknown {
    if (new.target === undefined) return apply(native, this, values);
    return construct(native, values, new.target === copy ? native : new.target);
  };
}
