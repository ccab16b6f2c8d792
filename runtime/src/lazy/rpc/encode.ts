// From a value to bytes, and what bytes can't carry.
//
// The engine's serializer knows the language's own types only. So the value is copied first, with an
// empty object in place of each function, stream and the like; these *holders* are serialized once
// more beside the value, with an *entry* that tells what each stands for. As the serializer keeps
// identity, no value of a Worker's can be taken for a holder.

import {
  isAnyArrayBuffer,
  isDate,
  isMap,
  isProxy,
  isRegExp,
  isSet,
  isStringObject,
  serialize,
} from "../../engine.js";
import { currentRequest, type RequestContext, requireOwner } from "../../io.js";
import { SafeMap, safeList, TypedArrayByteLength } from "../../primordials.js";
import { MOST_PASSED } from "../../protocol.js";
import type { Body } from "../../web/body.js";
import { isDerived, RpcTarget } from "../../workers/entrypoint.js";
import { blobEntry } from "./blob.js";
import { callableName, type StubState, stateOf } from "./client.js";
import { dataCloneError, errorEntry, isError, notSerializable } from "./errors.js";
import { disposableHandle, type Handle, hold, letGo } from "./handles.js";
import { httpEntry } from "./http.js";
import { fetcherOf } from "./loopback.js";

const { Boolean, Error, Map, Number, Object, Set, String } = globalThis;
const dispose: typeof Symbol.dispose = Symbol.dispose;
const { isArray } = Array;
const { isView }: { isView(value: unknown): boolean } = ArrayBuffer;
const { apply, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { create, prototype: objectPrototype } = Object;
const { hasOwn } = Object;
const { prototype: targetPrototype } = RpcTarget;
const { set: mapSet, forEach: mapForEach } = Map.prototype;
const { add: setAdd, forEach: setForEach } = Set.prototype;
const { prototype: numberPrototype } = Number;
const { prototype: booleanPrototype } = Boolean;

/** Bytes, as on the platform. */
const MOST_BYTES = 32 * 1024 * 1024;

/** What goes beside the bytes, in the order of `entries`. */
export type Parcel =
  | { readonly kind: "stub"; readonly handle: Handle }
  /** A Response or a Request, of which only the body is of interest. */
  | { readonly kind: "body"; readonly body: Body };

export interface Encoded {
  readonly bytes: Uint8Array;
  readonly parcels: Parcel[];
  /** Stubs in the value: a result takes them along. */
  readonly stubs: StubState[];
}

/** Throws a DataCloneError where the value, or a part of it, can't be sent. */
export function encode(value: unknown): Encoded {
  const encoder = new Encoder(currentRequest());
  try {
    const copy = encoder.copy(value);
    const { holders, entries, parcels, stubs } = encoder;
    if (parcels.length > MOST_PASSED) throw new Error("Too many stubs and streams in one message.");
    const bytes = toBytes(holders.length === 0 ? [copy] : [copy, holders, entries]);
    return { bytes, parcels, stubs };
  } catch (error) {
    dropParcels(encoder.parcels);
    throw error;
  }
}

/** Nobody gets them. */
export function dropParcels(parcels: Parcel[]): void {
  for (let i = 0; i < parcels.length; i++) {
    const parcel = parcels[i] as Parcel;
    if (parcel.kind === "stub") letGo(parcel.handle);
  }
}

function toBytes(parts: unknown[]): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serialize(parts);
  } catch (error) {
    throw dataCloneError(`${(error as Error).message}`);
  }
  const size = TypedArrayByteLength(bytes);
  if (size > MOST_BYTES) {
    // The platform's words.
    throw new Error(
      "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value " +
        `was: ${size} bytes.`,
    );
  }
  return bytes;
}

export class Encoder {
  readonly holders: object[] = safeList();
  readonly entries: unknown[] = safeList();
  readonly parcels: Parcel[] = safeList();
  readonly stubs: StubState[] = safeList();
  readonly #seen: SafeMap<object, object> = new SafeMap();
  readonly #request: RequestContext | null;

  constructor(request: RequestContext | null) {
    this.#request = request;
  }

  copy(value: unknown): unknown {
    if (typeof value === "symbol") throw dataCloneError(`${String(value)} could not be cloned.`);
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    if (isArray(value) && !isProxy(value)) return this.#copyArray(value);
    if (getPrototypeOf(value) === objectPrototype && !isProxy(value))
      return this.#copyObject(value);
    const entry = this.#entryOf(value);
    if (entry !== null) return this.#hold(value, entry);
    if (isMap(value)) return this.#copyMap(value);
    if (isSet(value)) return this.#copySet(value);
    if (isPlainData(value)) return value;
    throw notSerializable(typeName(value));
  }

  /** Adds what goes beside the bytes; gives its place. */
  pass(parcel: Parcel): number {
    this.parcels[this.parcels.length] = parcel;
    return this.parcels.length - 1;
  }

  passLocal(object: object, own: boolean): number {
    if (this.#request === null) throw new Error("RPC stubs can only be sent in a request.");
    return this.pass({ kind: "stub", handle: disposableHandle(this.#request, object, own) });
  }

  #hold(value: object, entry: unknown[]): object {
    const holder = create(null) as object;
    this.#seen.set(value, holder);
    this.holders[this.holders.length] = holder;
    this.entries[this.entries.length] = entry;
    return holder;
  }

  /** What stands for the value; null for what the bytes carry. */
  #entryOf(value: object): unknown[] | null {
    const state = stateOf(value);
    if (state !== undefined) return ["stub", this.#passStub(state)];
    const callable = callableName(value);
    if (callable !== null) throw notSerializable(callable);
    const fetcher = fetcherOf(value);
    if (fetcher !== undefined) return ["stub", this.passLocal(fetcher, false)];
    if (isProxy(value)) return ["stub", this.passLocal(value, this.#ownOfProxy(value))];
    if (typeof value === "function") return ["stub", this.passLocal(value, true)];
    if (isDerived(value, targetPrototype)) return ["stub", this.passLocal(value, false)];
    if (isError(value)) return errorEntry(value);
    const blob = blobEntry(value);
    if (blob !== null) return blob;
    return httpEntry(value, this);
  }

  #passStub(state: StubState): number {
    requireOwner(state.request, "RpcStub");
    // The platform's words.
    if (state.handle === null) throw new Error("RPC stub used after being disposed.");
    this.stubs[this.stubs.length] = state;
    return this.pass({ kind: "stub", handle: hold(state.handle) });
  }

  /** A proxy is what its prototypes say that it is. */
  #ownOfProxy(proxy: object): boolean {
    if (getPrototypeOf(proxy) === objectPrototype || typeof proxy === "function") return true;
    if (isDerived(proxy, targetPrototype)) return false;
    // The platform's words.
    throw dataCloneError(
      "Proxy could not be serialized because it is not a valid RPC receiver type. The Proxy must " +
        "emulate either a plain object or an RpcTarget, as indicated by the Proxy's prototype chain.",
    );
  }

  #copyArray(value: unknown[]): unknown[] {
    const copy = safeList<unknown>();
    this.#seen.set(value, copy);
    copy.length = value.length;
    this.#copyProperties(value, copy);
    return copy;
  }

  #copyObject(value: object): object {
    const copy = create(null) as object;
    this.#seen.set(value, copy);
    this.#copyProperties(value, copy);
    return copy;
  }

  #copyProperties(from: object, to: object): void {
    const keys = ownKeys(from);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (typeof key !== "string" || getOwnPropertyDescriptor(from, key)?.enumerable !== true) {
        continue;
      }
      (to as Record<string, unknown>)[key] = this.copy((from as Record<string, unknown>)[key]);
    }
  }

  #copyMap(value: Map<unknown, unknown>): object {
    const copy = new Map();
    this.#seen.set(value, copy);
    const each = (item: unknown, key: unknown): void => {
      apply(mapSet, copy, [this.copy(key), this.copy(item)]);
    };
    apply(mapForEach, value, [each]);
    return copy;
  }

  #copySet(value: Set<unknown>): object {
    const copy = new Set();
    this.#seen.set(value, copy);
    const each = (item: unknown): void => {
      apply(setAdd, copy, [this.copy(item)]);
    };
    apply(setForEach, value, [each]);
    return copy;
  }
}

/** What the engine's serializer takes as it is. */
function isPlainData(value: object): boolean {
  if (isView(value) || isAnyArrayBuffer(value) || isDate(value) || isRegExp(value)) return true;
  const prototype = getPrototypeOf(value);
  return isStringObject(value) || prototype === numberPrototype || prototype === booleanPrototype;
}

/** The name of the value's class. */
export function typeName(value: object): string {
  const { constructor } = value as { constructor?: { name?: unknown } };
  return typeof constructor?.name === "string" && constructor.name !== ""
    ? constructor.name
    : "Object";
}

/** The disposer that a plain object brings along, which is taken off: it is not sent. */
export function takeDisposer(value: unknown): (() => void) | null {
  if (typeof value !== "object" || value === null || isProxy(value)) return null;
  if (getPrototypeOf(value) !== objectPrototype || !hasOwn(value, dispose)) return null;
  const disposer = (value as { [dispose]?: unknown })[dispose];
  deleteProperty(value, dispose);
  if (typeof disposer !== "function") return null;
  return () => apply(disposer, value, []);
}
