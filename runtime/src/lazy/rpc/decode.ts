// From bytes, and what has come beside them, to a value; see encode.ts.

import { deserialize, isMap, isSet } from "../../engine.js";
import { isUint8Array, SafeMap, safeList } from "../../primordials.js";
import type { Body } from "../../web/body.js";
import { loadForms } from "../../web/body_forms.js";
import { disposeStub, newStub, type StubState } from "./client.js";
import { dataCloneError, newError } from "./errors.js";
import { type Handle, letGo } from "./handles.js";
import { httpObject, writableOf } from "./http.js";
import type { Received } from "./wire.js";

const { Map, Object, Set, String } = globalThis;
const { isArray } = Array;
const { prototype: objectPrototype } = Object;
const { apply, getPrototypeOf, ownKeys } = Reflect;
const { clear: mapClear, set: mapSet, forEach: mapForEach } = Map.prototype;
const { add: setAdd, clear: setClear, forEach: setForEach } = Set.prototype;

export interface Decoded {
  readonly value: unknown;
  /** The stubs in it. */
  readonly stubs: StubState[];
}

/** Throws a DataCloneError for bytes that no honest isolate sends. */
export function decode(bytes: Uint8Array, received: Received[]): Decoded {
  const decoder = new Decoder(received);
  try {
    return { value: decoder.decode(bytes), stubs: decoder.stubs };
  } catch (error) {
    disposeStubs(decoder.stubs);
    throw error;
  } finally {
    decoder.dropRest();
  }
}

export function disposeStubs(stubs: StubState[]): void {
  for (let i = 0; i < stubs.length; i++) disposeStub(stubs[i] as StubState);
}

class Decoder {
  readonly stubs: StubState[] = safeList();
  readonly #received: Received[];
  readonly #taken: boolean[] = safeList();
  readonly #values: SafeMap<unknown, unknown> = new SafeMap();
  readonly #seen: SafeMap<object, true> = new SafeMap();

  constructor(received: Received[]) {
    this.#received = received;
  }

  decode(bytes: Uint8Array): unknown {
    const parts = deserialize(bytes) as unknown[];
    if (!isArray(parts)) throw malformed();
    const { 0: root, 1: holders, 2: entries } = parts;
    if (parts.length === 1) return root;
    if (!isArray(holders) || !isArray(entries)) throw malformed();
    for (let i = 0; i < holders.length; i++) {
      if (!isArray(entries[i])) throw malformed();
      this.#values.set(holders[i], this.#valueOf(entries[i]));
    }
    return this.#fill(root);
  }

  /** What was sent beside the bytes, and nothing in them speaks of. */
  dropRest(): void {
    for (let i = 0; i < this.#received.length; i++) {
      const rest = this.#received[i] as Received;
      if (this.#taken[i] !== true && "holders" in rest) letGo(rest);
    }
  }

  #valueOf(entry: unknown[]): unknown {
    switch (entry[0]) {
      case "stub":
        return newStub(this.#handleAt(entry[1]), this.stubs);
      case "writable":
        return writableOf(this.#handleAt(entry[1]));
      case "error":
      case "domexception":
        return newError(entry[0], String(entry[1]), String(entry[2]));
      case "blob":
        if (!isUint8Array(entry[1])) throw malformed();
        return loadForms().blobFrom(entry[1], String(entry[2]));
      default: {
        const object = httpObject(entry, (at) => this.#bodyAt(at));
        if (object === undefined) throw malformed();
        return object;
      }
    }
  }

  #take(at: unknown): Received {
    const received = this.#received[at as number];
    if (received === undefined || this.#taken[at as number] === true) throw malformed();
    this.#taken[at as number] = true;
    return received;
  }

  #handleAt(at: unknown): Handle {
    const received = this.#take(at);
    if (!("holders" in received)) throw malformed();
    return received;
  }

  #bodyAt(at: unknown): Body {
    const received = this.#take(at);
    if ("holders" in received) throw malformed();
    return received;
  }

  /** Puts the values in their places. */
  #fill(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (this.#values.has(value)) return this.#values.get(value);
    if (this.#seen.has(value)) return value;
    this.#seen.set(value, true);
    if (isMap(value)) this.#fillMap(value);
    else if (isSet(value)) this.#fillSet(value);
    else if (isArray(value) || getPrototypeOf(value) === objectPrototype) {
      this.#fillProperties(value as Record<string, unknown>);
    }
    return value;
  }

  #fillProperties(object: Record<string, unknown>): void {
    const keys = ownKeys(object) as string[];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const before = object[key];
      const after = this.#fill(before);
      if (after !== before) object[key] = after;
    }
  }

  #fillMap(map: Map<unknown, unknown>): void {
    const items = safeList<unknown>();
    const collect = (item: unknown, key: unknown): void => {
      items[items.length] = this.#fill(key);
      items[items.length] = this.#fill(item);
    };
    apply(mapForEach, map, [collect]);
    apply(mapClear, map, []);
    for (let i = 0; i < items.length; i += 2) apply(mapSet, map, [items[i], items[i + 1]]);
  }

  #fillSet(set: Set<unknown>): void {
    const items = safeList<unknown>();
    const collect = (item: unknown): void => {
      items[items.length] = this.#fill(item);
    };
    apply(setForEach, set, [collect]);
    apply(setClear, set, []);
    for (let i = 0; i < items.length; i++) apply(setAdd, set, [items[i]]);
  }
}

function malformed(): Error {
  return dataCloneError("A value that came over RPC is malformed.");
}
