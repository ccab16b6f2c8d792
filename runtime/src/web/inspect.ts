// How `console` shows a value: in the style of node's util.inspect, which people know. Nothing of
// the Worker runs meanwhile: getters are named, not called, and proxies are looked through.

import {
  getPromiseDetails,
  getProxyDetails,
  isAnyArrayBuffer,
  isDate,
  isMap,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
} from "../engine.js";
import { listMap, SafeWeakMap, toArray } from "../primordials.js";
import { layOut } from "./inspect_layout.js";
import {
  chainOf,
  formatFunction,
  formatPrimitive,
  isIndex,
  MAX_STRING,
  more,
  prefixOf,
  showKey,
  uncurry,
} from "./inspect_names.js";

const { ArrayBuffer, Map, Reflect, Set, String, WeakMap, WeakSet } = globalThis;
const { Boolean, Number, Symbol, BigInt, RegExp, Date, Uint8Array } = globalThis;
const { getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
const { apply, ownKeys } = Reflect;
const { isArray } = Array;
const { isNaN } = Number;
const toIso = uncurry(Date.prototype.toISOString);
const toTime = uncurry(Date.prototype.getTime);
const showRegExp = uncurry(RegExp.prototype.toString);
const mapEntries = uncurry(Map.prototype.entries) as (map: unknown) => MapIterator<unknown[]>;
const setValues = uncurry(Set.prototype.values) as (set: unknown) => SetIterator<unknown>;
const getterOf = (target: object, key: PropertyKey): (() => unknown) =>
  getOwnPropertyDescriptor(target, key)?.get ?? getterOf(getPrototypeOf(target) as object, key);
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayName = uncurry(getterOf(typedArrayPrototype, Symbol.toStringTag)) as (
  view: unknown,
) => string | undefined;
const typedArrayLength = uncurry(getterOf(typedArrayPrototype, "length")) as (v: unknown) => number;
const unbox = new Map<object, [name: string, valueOf: (value: unknown) => unknown]>(
  [Number, String, Boolean, BigInt, Symbol].map((constructor) => [
    constructor.prototype,
    [constructor.name, uncurry(constructor.prototype.valueOf as () => unknown)],
  ]),
);
const weak = new Set<object>([WeakMap.prototype, WeakSet.prototype]);

export interface InspectOptions {
  /** Levels of nesting that are shown. */
  depth?: number;
}

const DEFAULT_DEPTH = 2;
/** Items of a list, and properties of an object, that are shown. */
const MAX_ITEMS = 100;
const MAX_PROPERTIES = 200;
/** Characters after which the rest is left out. */
export const MAX_TEXT = 64 * 1024;

interface Context {
  readonly depth: number;
  /** The objects that are being shown, outermost first. */
  readonly path: object[];
  /** Objects that turned out to hold themselves, and the numbers they are referred to by. */
  readonly circular: Map<object, number>;
  /** Depth of the object that was shown last: short and shallow ones go on one line. */
  deepest: number;
  indentation: number;
  budget: number;
}

type Show = (instance: object) => { fields: [name: string, value: unknown][] };

/** Prototypes of platform classes, and what of their instances is worth showing. */
const shown = new SafeWeakMap<object, Show>();

/** Instances show these attributes of their interface, whose getters have no effects. */
export function showAttributes(constructor: { prototype: object }, names: string[]): void {
  const getters = listMap(names, (name) => ({ name, get: getterOf(constructor.prototype, name) }));
  shown.set(constructor.prototype, (instance) => ({
    fields: toArray(listMap(getters, ({ name, get }) => [name, apply(get, instance, [])])),
  }));
}

/** Instances show the pairs that `entries` gives: headers, parameters, form data. */
export function showEntries<T extends object>(
  constructor: { prototype: T },
  entries: (instance: T) => ArrayLike<readonly [string, unknown]>,
): void {
  shown.set(constructor.prototype, (instance) => ({
    fields: toArray(listMap(entries(instance as T), ({ 0: name, 1: value }) => [name, value])),
  }));
}

export function inspect(value: unknown, { depth = DEFAULT_DEPTH }: InspectOptions = {}): string {
  const context: Context = {
    depth,
    path: [],
    circular: new Map(),
    deepest: 0,
    indentation: 0,
    budget: MAX_TEXT,
  };
  return formatValue(context, value, true);
}

function formatValue(context: Context, value: unknown, outermost = false): string {
  if (context.budget <= 0) return "...";
  const text =
    (typeof value === "object" && value !== null) || typeof value === "function"
      ? formatObject(context, value)
      : formatPrimitive(value, outermost);
  context.budget -= text.length;
  return text;
}

function formatObject(context: Context, given: object): string {
  let value: object = given;
  while (isProxy(value)) {
    const target = getProxyDetails(value)?.[0];
    if (typeof target !== "object" && typeof target !== "function") return "<Revoked Proxy>";
    if (target === null) return "<Revoked Proxy>";
    value = target;
  }
  if (context.path.includes(value)) {
    let index = context.circular.get(value);
    if (index === undefined) {
      index = context.circular.size + 1;
      context.circular.set(value, index);
    }
    return `[Circular *${index}]`;
  }
  const level = context.path.length;
  if (level > context.depth) {
    return isArray(value) ? "[Array]" : `[${prefixOf(value, "Object").trimEnd()}]`;
  }
  context.path.push(value);
  context.deepest = level;
  try {
    return formatContents(context, value, level);
  } finally {
    context.path.pop();
  }
}

/** What is shown of an object: perhaps a text, and perhaps items in braces. */
interface Shape {
  base: string;
  open: string;
  close: string;
  items: (context: Context) => string[];
  /** Own keys that `items` has shown, or that are not worth it. */
  hidden?: (key: string) => boolean;
  list?: boolean;
}

const nothing = (): string[] => [];

function formatContents(context: Context, value: object, level: number): string {
  const shape = shapeOf(value);
  context.indentation += 2;
  const items = shape.items(context);
  items.push(...formatProperties(context, value, shape.hidden));
  context.indentation -= 2;
  if (items.length === 0) return shape.base || `${shape.open}${shape.close}`;
  const { open, close, list = false } = shape;
  const reference = context.circular.get(value);
  const base = reference === undefined ? shape.base : `<ref *${reference}> ${shape.base}`.trimEnd();
  return layOut({
    items,
    base,
    open,
    close,
    list,
    indentation: context.indentation,
    compact: context.deepest - level < 3,
  });
}

function shapeOf(value: object): Shape {
  const braces = (base: string, prefix: string, items = nothing): Shape => ({
    base,
    open: `${prefix}{`,
    close: "}",
    items,
  });
  if (typeof value === "function") return braces(formatFunction(value), "");
  if (isArray(value)) {
    const prefix = prefixOf(value, "Array", `(${value.length})`);
    return {
      base: "",
      open: prefix === `Array(${value.length}) ` ? "[" : `${prefix}[`,
      close: "]",
      items: (context) => formatList(context, value, value.length),
      hidden: (key) => isIndex(key),
      list: true,
    };
  }
  if (ArrayBuffer.isView(value)) {
    const name = typedArrayName(value);
    if (name === undefined) return braces("", prefixOf(value, "DataView"), dataViewItems(value));
    const length = typedArrayLength(value);
    return {
      base: "",
      open: `${prefixOf(value, name, `(${length})`)}[`,
      close: "]",
      items: (context) => formatList(context, value as unknown as unknown[], length),
      hidden: (key) => isIndex(key),
      list: true,
    };
  }
  if (isMap(value)) {
    const items = (context: Context): string[] =>
      limited(mapEntries(value), value.size, ([key, item]) => {
        return `${formatValue(context, key)} => ${formatValue(context, item)}`;
      });
    return braces("", prefixOf(value, "Map", `(${value.size})`), items as typeof nothing);
  }
  if (isSet(value)) {
    const items = (context: Context): string[] =>
      limited(setValues(value), value.size, (item) => formatValue(context, item));
    return braces("", prefixOf(value, "Set", `(${value.size})`), items as typeof nothing);
  }
  if (isNativeError(value)) {
    return {
      ...braces(formatError(value), ""),
      items: (context) => errorItems(context, value),
      hidden: (key) => key === "stack" || key === "message" || key === "cause" || key === "errors",
    };
  }
  if (isDate(value)) {
    return braces(isNaN(toTime(value)) ? "Invalid Date" : toIso(value), "");
  }
  if (isRegExp(value)) return braces(showRegExp(value), "");
  if (isPromise(value)) {
    return {
      ...braces("", prefixOf(value, "Promise")),
      items: (context) => promiseItems(context, value),
    };
  }
  if (isAnyArrayBuffer(value)) {
    return { ...braces("", prefixOf(value, "ArrayBuffer")), items: () => bufferItems(value) };
  }
  for (const prototype of chainOf(value)) {
    if (weak.has(prototype) && prototype !== value) {
      return { ...braces("", prefixOf(value, "Object")), items: () => ["<items unknown>"] };
    }
    const boxed = unbox.get(prototype);
    if (boxed !== undefined)
      return boxedShape(value, boxed) ?? braces("", prefixOf(value, "Object"));
  }
  const fields = platformFields(value);
  if (fields !== null) {
    const items = (context: Context): string[] =>
      fields.map(([name, item]) => `${showKey(name)}: ${formatValue(context, item)}`);
    return { ...braces("", prefixOf(value, "Object")), items };
  }
  const prefix = prefixOf(value, "Object");
  return braces("", prefix === "Object " ? "" : prefix);
}

/** A primitive in an object; null for what only has the prototype of one. */
function boxedShape(
  value: object,
  [name, valueOf]: [name: string, valueOf: (value: unknown) => unknown],
): Shape | null {
  try {
    return {
      base: `[${name}: ${formatPrimitive(valueOf(value))}]`,
      open: "{",
      close: "}",
      items: nothing,
      hidden: (key) => name === "String" && isIndex(key),
    };
  } catch {
    return null;
  }
}

function platformFields(value: object): [string, unknown][] | null {
  for (const at of chainOf(value)) {
    const show = shown.get(at);
    if (show === undefined) continue;
    try {
      return show(value).fields;
    } catch {
      // Only looks like one: Object.create(URL.prototype).
      return null;
    }
  }
  return null;
}

function formatError(error: Error): string {
  let stack: unknown;
  let text: string;
  try {
    stack = error.stack;
    text = `${error}`;
  } catch {
    return "[Error]";
  }
  if (typeof stack !== "string" || stack === "") return `[${text}]`;
  return /\n {4}at /.test(stack) ? stack : `[${stack}]`;
}

function errorItems(context: Context, error: Error): string[] {
  const items: string[] = [];
  for (const key of ["cause", "errors"]) {
    const descriptor = getOwnPropertyDescriptor(error, key);
    if (descriptor === undefined || !hasOwn(descriptor, "value")) continue;
    const name = descriptor.enumerable ? key : `[${key}]`;
    items.push(`${name}: ${formatValue(context, descriptor.value)}`);
  }
  return items;
}

function promiseItems(context: Context, promise: Promise<unknown>): string[] {
  const [state, result] = getPromiseDetails(promise);
  if (state === 0) return ["<pending>"];
  const text = formatValue(context, result);
  return [state === 1 ? text : `<rejected> ${text}`];
}

function bufferItems(buffer: ArrayBufferLike): string[] {
  if ("detached" in buffer && buffer.detached) return ["(detached)", "[byteLength]: 0"];
  const shownBytes = new Uint8Array(buffer, 0, Math.min(50, buffer.byteLength));
  let contents = Array.from(shownBytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const left = buffer.byteLength - shownBytes.length;
  if (left > 0) contents += ` ... ${left} more byte${left > 1 ? "s" : ""}`;
  return [`[Uint8Contents]: <${contents}>`, `[byteLength]: ${buffer.byteLength}`];
}

function dataViewItems(value: ArrayBufferView): (context?: Context) => string[] {
  return (context) => [
    `[byteLength]: ${value.byteLength}`,
    `[byteOffset]: ${value.byteOffset}`,
    `[buffer]: ${formatValue(context!, value.buffer)}`,
  ];
}

function formatList(context: Context, list: readonly unknown[], length: number): string[] {
  const items: string[] = [];
  let at = 0;
  while (at < length && items.length < MAX_ITEMS && context.budget > 0) {
    const descriptor = getOwnPropertyDescriptor(list, at);
    if (descriptor !== undefined) {
      items.push(formatDescriptor(context, descriptor));
      at++;
      continue;
    }
    const start = at;
    // Sparse lists can be longer than anyone wants to count.
    while (at < length && at - start < MAX_STRING && !hasOwn(list, at)) at++;
    const holes = at - start === MAX_STRING ? length - start : at - start;
    items.push(`<${holes} empty item${holes > 1 ? "s" : ""}>`);
    at = start + holes;
  }
  if (at < length) items.push(more(length - at));
  return items;
}

function limited<T>(iterator: Iterator<T>, size: number, format: (item: T) => string): string[] {
  const items: string[] = [];
  while (items.length < MAX_ITEMS) {
    const { value, done } = iterator.next();
    if (done) return items;
    items.push(format(value));
  }
  if (size > MAX_ITEMS) items.push(more(size - MAX_ITEMS));
  return items;
}

function formatProperties(
  context: Context,
  value: object,
  hidden: (key: string) => boolean = () => false,
): string[] {
  const items: string[] = [];
  for (const key of ownKeys(value)) {
    if (typeof key === "string" && hidden(key)) continue;
    const descriptor = getOwnPropertyDescriptor(value, key);
    if (!descriptor?.enumerable) continue;
    if (items.length === MAX_PROPERTIES || context.budget <= 0) {
      items.push("... more properties");
      break;
    }
    items.push(`${showKey(key)}: ${formatDescriptor(context, descriptor)}`);
  }
  return items;
}

function formatDescriptor(context: Context, { get, set, value }: PropertyDescriptor): string {
  if (get !== undefined) return set === undefined ? "[Getter]" : "[Getter/Setter]";
  return set === undefined ? formatValue(context, value) : "[Setter]";
}
