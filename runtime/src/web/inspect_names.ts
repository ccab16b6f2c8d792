// How shown values are called: their class, their function's name, their keys; and the primitives.

import { isProxy } from "../engine.js";
import { isIdentifier, quote } from "./inspect_layout.js";

const { Reflect, String, Symbol } = globalThis;
const { getOwnPropertyDescriptor, getPrototypeOf, is } = Object;
const { apply } = Reflect;

/** The method as a function of its `this`: safe from what Workers do to prototypes. */
export const uncurry =
  <R>(method: (...args: never[]) => R) =>
  (self: unknown, ...args: unknown[]): R =>
    apply(method, self, args);

const showFunction = uncurry(Function.prototype.toString);
const showSymbol = uncurry(Symbol.prototype.toString);

export const MAX_STRING = 10_000;

/** An object and its prototypes, as far as can be seen without running a proxy's traps. */
export function* chainOf(value: object): Generator<object> {
  for (let at: object | null = value; at !== null && !isProxy(at); at = getPrototypeOf(at)) {
    yield at;
  }
}

export function formatPrimitive(value: unknown, outermost = false): string {
  switch (typeof value) {
    case "string": {
      const left = value.length - MAX_STRING;
      if (left <= 0 || outermost) return quote(value);
      return `${quote(value.slice(0, MAX_STRING))}... ${left} more character${left > 1 ? "s" : ""}`;
    }
    case "number":
      return is(value, -0) ? "-0" : `${value}`;
    case "bigint":
      return `${value}n`;
    case "symbol":
      return showSymbol(value);
    default:
      return `${value}`;
  }
}

/** `Name `, `Name [tag] ` or `[Name: null prototype] `; the size goes behind the name. */
export function prefixOf(value: object, fallback: string, size = ""): string {
  const name = constructorName(value);
  if (name === null) return `[${fallback}${size}: null prototype] `;
  const tag = classString(value);
  return tag !== "" && tag !== name ? `${name}${size} [${tag}] ` : `${name}${size} `;
}

export function constructorName(value: object): string | null {
  for (const at of chainOf(value)) {
    const constructor = getOwnPropertyDescriptor(at, "constructor")?.value as unknown;
    if (typeof constructor !== "function" || isProxy(constructor)) continue;
    const name = getOwnPropertyDescriptor(constructor, "name")?.value as unknown;
    if (typeof name === "string" && name !== "") return name;
  }
  return null;
}

/** Symbol.toStringTag, where it is a value that is not shown as a property anyway. */
export function classString(value: object): string {
  for (const at of chainOf(value)) {
    const descriptor = getOwnPropertyDescriptor(at, Symbol.toStringTag);
    if (descriptor !== undefined) {
      if (at === value && descriptor.enumerable) return "";
      return typeof descriptor.value === "string" ? descriptor.value : "";
    }
  }
  return "";
}

export function formatFunction(value: object): string {
  const name = getOwnPropertyDescriptor(value, "name")?.value as unknown;
  const named = typeof name === "string" && name !== "" ? name : null;
  const source = showFunction(value);
  if (source.startsWith("class") && source.endsWith("}")) {
    const parent = getPrototypeOf(value) as object | null;
    const parentName =
      parent && !isProxy(parent) && getOwnPropertyDescriptor(parent, "name")?.value;
    const extended = typeof parentName === "string" && parentName ? ` extends ${parentName}` : "";
    return `[class ${named ?? "(anonymous)"}${extended}]`;
  }
  const kind = classString(value) || "Function";
  return `[${kind}${named === null ? " (anonymous)" : `: ${named}`}]`;
}

export function showKey(key: PropertyKey): string {
  if (typeof key === "symbol") return showSymbol(key);
  return isIdentifier(`${String(key)}`) ? `${String(key)}` : quote(`${String(key)}`);
}

export function more(count: number): string {
  return `... ${count} more item${count > 1 ? "s" : ""}`;
}

export function isIndex(key: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(key);
}
