// ECMA-262 §20.2.3.5: functions of the runtime layer show their names and no source, as functions of
// the platform do. V8 would show their text, since they are JavaScript here.

import { host } from "./host.js";
import { FunctionToString, SafeMap, StringEndsWith } from "./primordials.js";

const { defineProperty, getOwnPropertyDescriptor } = Reflect;

const { toString } = {
  toString(this: object): string {
    const source = FunctionToString(this);
    if (!isOurs(source)) return source;
    const name: unknown = getOwnPropertyDescriptor(this, "name")?.value;
    return nativeSource(typeof name === "string" ? name : "");
  },
};

export function installFunctionSource(): void {
  defineProperty(Function.prototype, "toString", {
    value: toString,
    writable: true,
    configurable: true,
  });
}

/** What the host has said, which takes it a millisecond. */
const known: SafeMap<string, boolean> = new SafeMap();
const MOST_KNOWN = 256;

/** Whether it is a piece of the runtime layer: long enough not to be anybody's by chance. */
export function isOurs(source: string): boolean {
  if (StringEndsWith(source, " [native code] }")) return false;
  let ours = known.get(source);
  if (ours === undefined) {
    if (known.size === MOST_KNOWN) known.clear();
    ours = host.isOurs(source);
    known.set(source, ours);
  }
  return ours;
}

/** What V8 shows of a function of its own. */
export function nativeSource(name: string): string {
  return `function ${name}() { [native code] }`;
}
