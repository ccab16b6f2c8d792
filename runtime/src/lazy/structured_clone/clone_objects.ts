// HTML §2.7.1: serializable objects of the platform, for structuredClone().
//
// The engine's serializer takes an object of ours for a plain one without properties. So a look
// around comes first: as long as there is no such object within reach, and no getter that might
// give one, the engine clones all by itself. Otherwise what holds others (objects, arrays, maps,
// sets) is copied here, and the engine clones the leaves: all at once, so that buffers stay shared
// by their views.

import {
  engineClone,
  isAnyArrayBuffer,
  isBoxedPrimitive,
  isDate,
  isGeneratorObject,
  isMap,
  isMapIterator,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isWeakMap,
  isWeakSet,
} from "../../engine.js";
import {
  MapForEach,
  MapSet,
  ObjectHasOwn,
  SafeMap,
  SafeSet,
  SetAdd,
  SetForEach,
  safeList,
} from "../../primordials.js";
import { copierOf } from "../../web/cloneable.js";
import { DOMException } from "../../web/dom_exception.js";
import { interfaceName, interfaceOf } from "../../web/webidl.js";

const { Map, Set } = globalThis;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { prototype: objectPrototype } = Object;
const { prototype: arrayPrototype } = Array;

/** StructuredSerialize and StructuredDeserialize (§2.7.3, §2.7.6), without transfer. */
export function cloneObject(value: object): unknown {
  const leaves = lookAround(value);
  return leaves === null ? engineClone(value) : new Cloning(leaves).clone(value);
}

// --- The look around -----------------------------------------------------------------------------

/** The leaves within reach; null where the engine can do it all. */
function lookAround(root: object): object[] | null {
  const seen = new SafeSet<object>();
  const found = safeList<object>();
  const leaves = safeList<object>();
  let beyondEngine = false;
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    found[found.length] = value;
  };
  visit(root);
  for (let i = 0; i < found.length; i++) {
    const value = found[i] as object;
    switch (kindOf(value)) {
      case "interface":
        beyondEngine = true;
        break;
      case "leaf":
        leaves[leaves.length] = value;
        break;
      case "map":
        MapForEach(value as Map<unknown, unknown>, (item, key) => {
          visit(key);
          visit(item);
        });
        break;
      case "set":
        SetForEach(value as Set<unknown>, visit);
        break;
      case "array":
        for (let at = 0; at < (value as unknown[]).length; at++) visit((value as unknown[])[at]);
        break;
      default:
        if (visitProperties(value, visit)) beyondEngine = true;
    }
  }
  return beyondEngine ? leaves : null;
}

/** Whether there are getters, which are not asked here: they are to run once. */
function visitProperties(object: object, visit: (value: unknown) => void): boolean {
  const keys = ownKeys(object);
  let getters = false;
  for (let i = 0; i < keys.length; i++) {
    const property = getOwnPropertyDescriptor(object, keys[i] as PropertyKey);
    if (property === undefined) continue;
    if (ObjectHasOwn(property, "value")) visit(property.value);
    else getters = true;
  }
  return getters;
}

type Kind = "object" | "array" | "map" | "set" | "leaf" | "interface";

function kindOf(value: object): Kind {
  if (isProxy(value)) return "leaf";
  const prototype = getPrototypeOf(value);
  if (prototype === objectPrototype || prototype === null) return "object";
  if (isArray(value)) return "array";
  if (prototype === arrayPrototype) return "object";
  if (interfaceOf(value) !== null) return "interface";
  if (isMap(value)) return "map";
  if (isSet(value)) return "set";
  return isLeaf(value) ? "leaf" : "object";
}

/** What the engine clones as a whole, or knows to refuse. */
function isLeaf(value: object): boolean {
  return (
    isView(value) ||
    isAnyArrayBuffer(value) ||
    isDate(value) ||
    isNativeError(value) ||
    isRegExp(value) ||
    isBoxedPrimitive(value) ||
    isPromise(value) ||
    isWeakMap(value) ||
    isWeakSet(value) ||
    isGeneratorObject(value) ||
    isMapIterator(value) ||
    isSetIterator(value)
  );
}

// --- Copies --------------------------------------------------------------------------------------

class Cloning {
  /** What has been cloned → its clone. */
  readonly #memory = new SafeMap<object, object>();

  constructor(leaves: object[]) {
    const clones = engineClone(leaves) as object[];
    for (let i = 0; i < leaves.length; i++) this.#memory.set(leaves[i]!, clones[i]!);
  }

  clone(value: unknown): unknown {
    // Functions and symbols are the engine's to refuse.
    if (typeof value !== "object" || value === null) return engineClone(value);
    const known = this.#memory.get(value);
    if (known !== undefined) return known;
    switch (kindOf(value)) {
      case "interface":
        return this.#keep(value, copyOf(value, interfaceOf(value) as object));
      case "leaf":
        return this.#keep(value, engineClone(value) as object);
      case "map":
        return this.#cloneMap(value as Map<unknown, unknown>);
      case "set":
        return this.#cloneSet(value as Set<unknown>);
      case "array": {
        const copy: unknown[] = [];
        copy.length = (value as unknown[]).length;
        return this.#cloneProperties(value, copy);
      }
      default:
        return this.#cloneProperties(value, {});
    }
  }

  #keep(value: object, copy: object): object {
    this.#memory.set(value, copy);
    return copy;
  }

  #cloneMap(map: Map<unknown, unknown>): object {
    const copy = new Map();
    this.#keep(map, copy);
    // What getters add meanwhile is not copied.
    const items = safeList<unknown>();
    MapForEach(map, (value, key) => {
      items[items.length] = key;
      items[items.length] = value;
    });
    for (let i = 0; i < items.length; i += 2) {
      MapSet(copy, this.clone(items[i]), this.clone(items[i + 1]));
    }
    return copy;
  }

  #cloneSet(source: Set<unknown>): object {
    const copy = new Set();
    this.#keep(source, copy);
    const items = safeList<unknown>();
    SetForEach(source, (item) => {
      items[items.length] = item;
    });
    for (let i = 0; i < items.length; i++) SetAdd(copy, this.clone(items[i]));
    return copy;
  }

  #cloneProperties(source: object, copy: object): object {
    this.#keep(source, copy);
    const keys = ownKeys(source);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as PropertyKey;
      if (typeof key === "symbol") continue;
      // A getter may have taken it away.
      if (getOwnPropertyDescriptor(source, key)?.enumerable !== true) continue;
      const value = this.clone((source as Record<PropertyKey, unknown>)[key]);
      defineProperty(copy, key, {
        __proto__: null,
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      } as PropertyDescriptor);
    }
    return copy;
  }
}

function copyOf(value: object, prototype: object): object {
  const copy = copierOf(prototype);
  if (copy !== undefined) return copy(value);
  const name = interfaceName(prototype);
  throw new DOMException(
    `Could not serialize object of type "${name}". This type does not support serialization.`,
    "DataCloneError",
  );
}
