// The few conversions and the shape of classes that Web IDL asks for.

import { isAnyArrayBuffer } from "../engine.js";
import {
  ArrayIncludes,
  bytesOfView,
  SafeMap,
  StringIsWellFormed,
  StringToWellFormed,
  safeRecord,
} from "../primordials.js";

const { Uint8Array, TypeError } = globalThis;
const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;
const { defineProperty, getOwnPropertyDescriptors } = Object;
const { deleteProperty, getPrototypeOf, ownKeys, setPrototypeOf } = Reflect;
const toStringTag: typeof Symbol.toStringTag = Symbol.toStringTag;

/**
 * Gives a class the looks of an interface (Web IDL §3.7): its name, its class string, and
 * operations and attributes that are enumerable.
 */
export function defineInterface(name: string, constructor: { prototype: object }): void {
  const { prototype } = constructor;
  registerInterface(name, constructor);
  defineProperty(constructor, "name", constant(name));
  makeEnumerable(prototype, ["constructor"]);
  makeEnumerable(constructor, ["prototype", "name", "length"]);
  defineProperty(prototype, toStringTag, constant(name));
}

/** By their prototypes. */
const interfaceNames = new SafeMap<object, string>();

/** For a class that has the looks of an interface already. */
export function registerInterface(name: string, { prototype }: { prototype: object }): void {
  interfaceNames.set(prototype, name);
}

/** The prototype of the interface that an object is of, as far as its prototypes tell. */
export function interfaceOf(object: object): object | null {
  for (let at = getPrototypeOf(object); at !== null; at = getPrototypeOf(at)) {
    if (interfaceNames.has(at)) return at;
  }
  return null;
}

export function interfaceName(prototype: object): string | undefined {
  return interfaceNames.get(prototype);
}

function makeEnumerable(target: object, except: string[]): void {
  const descriptors = getOwnPropertyDescriptors(target) as Record<PropertyKey, PropertyDescriptor>;
  const keys = ownKeys(target);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as PropertyKey;
    const builtIn = ArrayIncludes(except, key);
    if (typeof key === "string" && !builtIn && descriptors[key]?.configurable) {
      defineProperty(target, key, { __proto__: null, enumerable: true } as PropertyDescriptor);
    }
  }
}

function constant(value: unknown): PropertyDescriptor {
  return { __proto__: null, value, configurable: true } as PropertyDescriptor;
}

/** Constants of an interface (Web IDL §3.7.5), on the constructor and on its prototype. */
export function defineConstants(
  constructor: { prototype: object },
  constants: Record<string, number>,
): void {
  const names = ownKeys(constants) as string[];
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const descriptor = { __proto__: null, value: constants[name], enumerable: true } as object;
    defineProperty(constructor, name, descriptor);
    defineProperty(constructor.prototype, name, descriptor);
  }
}

/** Web IDL §3.6: the TypeError for a call with too few arguments. */
export function requireArguments(what: string, given: number, required: number): void {
  if (given < required) {
    const s = required === 1 ? "" : "s";
    throw new TypeError(`${what}: ${required} argument${s} required, but only ${given} present.`);
  }
}

/** Web IDL §3.2.17: a dictionary is an object, or left out. */
export function toDictionary<T extends object>(value: unknown, what: string): Partial<T> {
  if (value === undefined || value === null) {
    return safeRecord<never>() as Partial<T>;
  }
  if (typeof value !== "object" && typeof value !== "function") {
    throw new TypeError(`${what} is not an object`);
  }
  return value as Partial<T>;
}

/** Web IDL §3.2.11: conversion to USVString. */
export function toUsvString(value: unknown): string {
  const text = typeof value === "string" ? value : `${value}`;
  return StringIsWellFormed(text) ? text : StringToWellFormed(text);
}

export const iteratorPrototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()),
);

/** What a default iterator walks: pairs by index, so that it sees what changes meanwhile. */
type PairAt<K, V> = (index: number) => readonly [K, V] | undefined;
type Kind = "keys" | "values" | "entries";

/** Web IDL §3.7.10: the iterator of an interface with an `iterable<K, V>` declaration. */
export function definePairIterator<K, V>(
  interfaceName: string,
): (pairAt: PairAt<K, V>, kind: Kind) => IterableIterator<unknown> {
  class PairIterator {
    #pairAt: PairAt<K, V>;
    #kind: Kind;
    #index = 0;

    constructor(pairAt: PairAt<K, V>, kind: Kind) {
      this.#pairAt = pairAt;
      this.#kind = kind;
    }

    next(): IteratorResult<unknown> {
      const pair = this.#pairAt(this.#index);
      if (pair === undefined) return { value: undefined, done: true };
      this.#index++;
      const value =
        this.#kind === "entries" ? [pair[0], pair[1]] : pair[this.#kind === "keys" ? 0 : 1];
      return { value, done: false };
    }
  }
  defineInterface(`${interfaceName} Iterator`, PairIterator);
  deleteProperty(PairIterator.prototype, "constructor");
  setPrototypeOf(PairIterator.prototype, iteratorPrototype);
  return (pairAt, kind) => new PairIterator(pairAt, kind) as unknown as IterableIterator<unknown>;
}

/** Web IDL §3.2.26: the bytes of a buffer source, not copied. */
export function bytesOf(source: unknown, what: string): Uint8Array {
  if (isView(source)) return bytesOfView(source);
  if (isAnyArrayBuffer(source)) return new Uint8Array(source);
  throw new TypeError(`${what}: the argument is not an ArrayBuffer or a view of one`);
}
