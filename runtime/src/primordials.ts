// Built-ins as they were before any Worker ran. A Worker may replace whatever it reaches: `push`,
// `Promise.prototype.then`, `Array.prototype[Symbol.iterator]`, a setter for "0" on
// Object.prototype. The runtime layer must neither break by it nor hand its own objects to it.
//
// How to write code that is safe from that (tests/workers/test_hostile.py finds what is not):
//
// - Take constructors and static functions at the top of the file: `const { Promise } = globalThis`,
//   `const { isArray } = Array`. `x instanceof C` is safe for our own classes' `#field in x` only.
// - Call methods of built-ins by the functions below: `StringSlice(text, 1)`, not `text.slice(1)`.
//   What TypeScript compiles for itself is safe: literals, template strings of strings, spread of
//   objects, classes and their fields, `#private` members, optional chaining.
// - `for (const x of list)`, `[...list]`, `const [a, b] = list` and `f(...list)` call a Worker's
//   iterator. Loop by index; destructure by `{ 0: a, 1: b }`; call by `apply(f, self, list)`.
// - `list[list.length] = x` and push() run a Worker's setter for an index. A list of objects that
//   are ours alone is made by `safeList()`, which no setter reaches.
// - Maps and sets that are ours: `new SafeMap()`, `new SafeSet()`, `new SafeWeakMap()`; their
//   methods are their own. Walk them with forEach().
// - Promises: `PromiseThen(promise, f, g)`, not `promise.then(f, g)`. `await` of a promise that is
//   known to be a native one is safe, as long as its class is (see below).
//   An async function that returns a promise calls its `then`: return what it awaited.
//   What a promise is resolved with is asked for `then`: never resolve one with an object that a
//   Worker may not have; hand it over through a callback or a field.
// - `regexp.test(s)` and `s.replace(regexp, …)` call a Worker's `exec`: `RegExpMatches(regexp, s)`
//   does not. For replacing, walk the string.
// - Reading an option that may be missing (`init.method`) reaches Object.prototype: right for what a
//   Worker handed in, wrong for records of our own, which have all their properties or are made
//   with `__proto__: null`. So are property descriptors that are made after the start.

const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys, setPrototypeOf } =
  Reflect;
const { freeze, create } = Object;

/** `method` as a function that takes its `this` as first argument. */
export const uncurryThis = Function.prototype.bind.bind(Function.prototype.call) as <
  T,
  A extends unknown[],
  R,
>(
  method: (this: T, ...args: A) => R,
) => (self: T, ...args: A) => R;

/** The getter of an accessor, as a function of the object. */
export function uncurryGetter<T, R>(prototype: object, key: PropertyKey): (self: T) => R {
  const { get } = getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
  return uncurryThis(get as (this: T) => R);
}

// --- Array ---------------------------------------------------------------------------------------

const array = Array.prototype;
type Each<T, R> = (item: T, index: number) => R;

export const ArrayIncludes: <T>(list: readonly T[], item: unknown) => boolean = uncurryThis(
  array.includes,
);
export const ArrayIndexOf: (list: readonly unknown[], item: unknown) => number = uncurryThis(
  array.indexOf,
);
export const ArrayJoin: (list: readonly unknown[], separator: string) => string = uncurryThis(
  array.join,
);
export const ArraySort: <T>(list: T[], compare: (a: T, b: T) => number) => T[] = uncurryThis(
  array.sort,
) as never;
export const ArrayFind: <T>(list: readonly T[], test: Each<T, unknown>) => T | undefined =
  uncurryThis(array.find) as never;
export const ArrayFindIndex: <T>(list: readonly T[], test: Each<T, unknown>) => number =
  uncurryThis(array.findIndex) as never;
export const ArraySome: <T>(list: readonly T[], test: Each<T, unknown>) => boolean = uncurryThis(
  array.some,
) as never;
export const ArrayEvery: <T>(list: readonly T[], test: Each<T, unknown>) => boolean = uncurryThis(
  array.every,
) as never;
export const ArrayForEach: <T>(list: readonly T[], action: Each<T, void>) => void = uncurryThis(
  array.forEach,
) as never;
/** Takes the last item off; of a list that is not empty. */
export const ArrayPop: <T>(list: T[]) => T = uncurryThis(array.pop) as never;
/** Takes the first item off; of a list that is not empty. */
export const ArrayShift: <T>(list: T[]) => T = uncurryThis(array.shift) as never;

/** A list of our own, which grows by `list[list.length] = item`: no setter is in reach. */
export function safeList<T>(): T[] {
  return new SafeArray<T>();
}

// An own class is ten times as fast as setPrototypeOf() on each list.
const SafeArray = class SafeArray<T> extends Array<T> {};
setPrototypeOf(SafeArray.prototype, null);
deleteProperty(SafeArray.prototype, "constructor");
freeze(SafeArray.prototype);

/** What `list.map()` gives, but a safeList(); map() itself asks for the list's `constructor`. */
export function listMap<T, R>(list: ArrayLike<T>, convert: (item: T, index: number) => R): R[] {
  const result = safeList<R>();
  for (let i = 0; i < list.length; i++) result[i] = convert(list[i] as T, i);
  return result;
}

/** What `list.filter()` gives, but a safeList(). */
export function listFilter<T>(list: ArrayLike<T>, test: (item: T, index: number) => unknown): T[] {
  const result = safeList<T>();
  for (let i = 0; i < list.length; i++) {
    if (test(list[i] as T, i)) result[result.length] = list[i] as T;
  }
  return result;
}

/** A copy of a list; spread would ask it for its iterator. */
export function listCopy<T>(list: ArrayLike<T>): T[] {
  const result = safeList<T>();
  for (let i = 0; i < list.length; i++) result[i] = list[i] as T;
  return result;
}

const arrayPrototype = Array.prototype;

/** A list for a Worker: what was a safeList() becomes an ordinary array. */
export function toArray<T>(list: T[]): T[] {
  setPrototypeOf(list, arrayPrototype);
  return list;
}

// --- String --------------------------------------------------------------------------------------

const string = String.prototype;

export const StringAt: (text: string, at: number) => string | undefined = uncurryThis(string.at);
export const StringCharAt: (text: string, at: number) => string = uncurryThis(string.charAt);
export const StringCharCodeAt: (text: string, at: number) => number = uncurryThis(
  string.charCodeAt,
);
export const StringCodePointAt: (text: string, at: number) => number | undefined = uncurryThis(
  string.codePointAt,
);
export const StringEndsWith: (text: string, end: string) => boolean = uncurryThis(string.endsWith);
export const StringIncludes: (text: string, part: string) => boolean = uncurryThis(string.includes);
export const StringIndexOf: (text: string, part: string, from?: number) => number = uncurryThis(
  string.indexOf,
);
export const StringIsWellFormed: (text: string) => boolean = uncurryThis(string.isWellFormed);
export const StringLastIndexOf: (text: string, part: string) => number = uncurryThis(
  string.lastIndexOf,
);
export const StringPadEnd: (text: string, size: number, fill?: string) => string = uncurryThis(
  string.padEnd,
);
export const StringPadStart: (text: string, size: number, fill?: string) => string = uncurryThis(
  string.padStart,
);
export const StringRepeat: (text: string, count: number) => string = uncurryThis(string.repeat);
export const StringSlice: (text: string, start: number, end?: number) => string = uncurryThis(
  string.slice,
);
export const StringStartsWith: (text: string, start: string) => boolean = uncurryThis(
  string.startsWith,
);
export const StringToLowerCase: (text: string) => string = uncurryThis(string.toLowerCase);
export const StringToUpperCase: (text: string) => string = uncurryThis(string.toUpperCase);
export const StringToWellFormed: (text: string) => string = uncurryThis(string.toWellFormed);
export const StringTrim: (text: string) => string = uncurryThis(string.trim);

/** What `text.split(separator)` gives for a separator that is not empty, but a safeList(). */
export function splitString(text: string, separator: string): string[] {
  const parts = safeList<string>();
  let start = 0;
  for (let at = 0; ; start = at + separator.length) {
    at = StringIndexOf(text, separator, start);
    if (at < 0) break;
    parts[parts.length] = StringSlice(text, start, at);
  }
  parts[parts.length] = StringSlice(text, start);
  return parts;
}

/** What `text.replaceAll(part, by)` gives for a part that is not empty. */
export function replaceString(text: string, part: string, by: string): string {
  let result = "";
  let start = 0;
  for (let at = 0; ; start = at + part.length) {
    at = StringIndexOf(text, part, start);
    if (at < 0) break;
    result += StringSlice(text, start, at) + by;
  }
  return result + StringSlice(text, start);
}

// --- RegExp --------------------------------------------------------------------------------------

export const RegExpExec: (regexp: RegExp, text: string) => RegExpExecArray | null = uncurryThis(
  RegExp.prototype.exec,
);

/** What `regexp.test(text)` gives. */
export function RegExpMatches(regexp: RegExp, text: string): boolean {
  return RegExpExec(regexp, text) !== null;
}

// --- Promise -------------------------------------------------------------------------------------

/**
 * `promise.then()`. The promise that it gives is of the intrinsic class as long as the promise's
 * `constructor` is; a subclass of a Worker's is asked, as the standard wants it.
 */
export const PromiseThen: <T, R = T, E = never>(
  promise: Promise<T>,
  onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
  onRejected?: ((error: unknown) => E | PromiseLike<E>) | null,
) => Promise<R | E> = uncurryThis(Promise.prototype.then) as never;

const promiseResolve = Promise.resolve;
const promiseReject = Promise.reject;
const NativePromise = Promise;

/** `Promise.resolve(value)`. */
export function PromiseResolve<T>(value: T | PromiseLike<T>): Promise<T> {
  return apply(promiseResolve, NativePromise, [value]) as Promise<T>;
}

/** `Promise.reject(error)`. */
export function PromiseReject(error: unknown): Promise<never> {
  return apply(promiseReject, NativePromise, [error]) as Promise<never>;
}

/** Nobody needs to hear that it rejects. */
export function ignoreRejection(promise: Promise<unknown>): void {
  PromiseThen(promise, undefined, () => {});
}

// --- Typed arrays and buffers --------------------------------------------------------------------

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

export const TypedArrayBuffer: (array: ArrayBufferView) => ArrayBufferLike = uncurryGetter(
  typedArray,
  "buffer",
);
export const TypedArrayByteLength: (array: ArrayBufferView) => number = uncurryGetter(
  typedArray,
  "byteLength",
);
export const TypedArrayByteOffset: (array: ArrayBufferView) => number = uncurryGetter(
  typedArray,
  "byteOffset",
);
export const TypedArrayLength: (array: ArrayBufferView) => number = uncurryGetter(
  typedArray,
  "length",
);
/** The name of its class; undefined for what is no typed array. */
export const TypedArrayName: (value: unknown) => string | undefined = uncurryGetter(
  typedArray,
  Symbol.toStringTag,
);
export const TypedArrayFill: (
  array: Uint8Array,
  value: number,
  start?: number,
  end?: number,
) => Uint8Array = uncurryThis(typedArray.fill) as never;
export const TypedArrayIndexOf: (array: Uint8Array, byte: number, from?: number) => number =
  uncurryThis(typedArray.indexOf) as never;
export const TypedArraySet: (target: Uint8Array, source: Uint8Array, offset?: number) => void =
  uncurryThis(typedArray.set) as never;
export const ArrayBufferByteLength: (buffer: ArrayBuffer) => number = uncurryGetter(
  ArrayBuffer.prototype,
  "byteLength",
);
export const ArrayBufferDetached: (buffer: ArrayBuffer) => boolean = uncurryGetter(
  ArrayBuffer.prototype,
  "detached",
);
export const ArrayBufferTransfer: (buffer: ArrayBuffer) => ArrayBuffer = uncurryThis(
  ArrayBuffer.prototype.transfer,
);
const dataView = DataView.prototype;
export const DataViewBuffer: (view: DataView) => ArrayBufferLike = uncurryGetter(
  dataView,
  "buffer",
);
export const DataViewByteLength: (view: DataView) => number = uncurryGetter(dataView, "byteLength");
export const DataViewByteOffset: (view: DataView) => number = uncurryGetter(dataView, "byteOffset");

const { Uint8Array: NativeUint8Array } = globalThis;

/** A copy of a range of bytes; slice() itself asks for the array's `constructor`. */
export function copyBytes(
  bytes: Uint8Array,
  start = 0,
  end: number = TypedArrayByteLength(bytes),
): Uint8Array<ArrayBuffer> {
  const copy = new NativeUint8Array(end - start);
  TypedArraySet(copy, viewBytes(bytes, start, end));
  return copy;
}

/** What subarray() gives, which asks for the array's `constructor`. */
export function viewBytes(bytes: Uint8Array, start: number, end?: number): Uint8Array {
  const stop = end ?? TypedArrayByteLength(bytes);
  return new NativeUint8Array(
    TypedArrayBuffer(bytes),
    TypedArrayByteOffset(bytes) + start,
    stop - start,
  );
}

const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;

/** The bytes that a typed array or a DataView stands for; a view, not a copy. */
export function bytesOfView(view: ArrayBufferView): Uint8Array {
  return TypedArrayName(view) === undefined
    ? new NativeUint8Array(
        DataViewBuffer(view as DataView),
        DataViewByteOffset(view as DataView),
        DataViewByteLength(view as DataView),
      )
    : new NativeUint8Array(
        TypedArrayBuffer(view),
        TypedArrayByteOffset(view),
        TypedArrayByteLength(view),
      );
}

/** Also for those of subclasses and whatever prototype they were given. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return isView(value) && TypedArrayName(value) === "Uint8Array";
}

/** `bytes.toBase64(options)` and `Uint8Array.fromBase64(text, options)`; see takeLatePrimordials(). */
export let Uint8ArrayToBase64: (bytes: Uint8Array, options?: object) => string;
export let Uint8ArrayFromBase64: (text: string, options?: object) => Uint8Array;

/** What V8 has only when an isolate starts, and not yet while the snapshot is built. */
export function takeLatePrimordials(): void {
  Uint8ArrayToBase64 = uncurryThis(NativeUint8Array.prototype.toBase64) as never;
  const { fromBase64 } = NativeUint8Array;
  Uint8ArrayFromBase64 = (text, options) =>
    apply(fromBase64, NativeUint8Array, [text, options as never]);
}

// --- Object, Function, Number, Date --------------------------------------------------------------

export const ObjectHasOwn: (object: object, key: PropertyKey) => boolean = Object.hasOwn;
export const FunctionToString: (value: object) => string = uncurryThis(
  Function.prototype.toString,
) as never;
export const NumberToString: (value: number, radix?: number) => string = uncurryThis(
  Number.prototype.toString,
);

export const WeakRefDeref: <T extends object>(ref: WeakRef<T>) => T | undefined = uncurryThis(
  WeakRef.prototype.deref,
) as never;

// --- Maps and sets -------------------------------------------------------------------------------

/** Adds to a map that a Worker is to have. */
export const MapSet: <K, V>(map: Map<K, V>, key: K, value: V) => unknown = uncurryThis(
  Map.prototype.set,
) as never;
/** Adds to a set that a Worker is to have. */
export const SetAdd: <T>(set: Set<T>, item: T) => unknown = uncurryThis(Set.prototype.add) as never;
/** Walks a Worker's map. */
export const MapForEach: <K, V>(map: Map<K, V>, action: (value: V, key: K) => void) => void =
  uncurryThis(Map.prototype.forEach) as never;
/** Walks a Worker's set. */
export const SetForEach: <T>(set: Set<T>, action: (item: T) => void) => void = uncurryThis(
  Set.prototype.forEach,
) as never;

// --- Maps and sets that no Worker can patch ------------------------------------------------------

/** Gives the class methods of its own, by definition the ones of this moment, and no prototype. */
function seal<C extends { prototype: object }>(safe: C, prototype: object): C {
  for (const key of ownKeys(prototype)) {
    if (key !== "constructor") {
      defineProperty(
        safe.prototype,
        key,
        getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor,
      );
    }
  }
  setPrototypeOf(safe.prototype, null);
  freeze(safe.prototype);
  freeze(safe);
  return safe;
}

/** A Map whose methods are its own. Made empty; walk it with forEach(). */
export const SafeMap = seal(class SafeMap<K, V> extends Map<K, V> {}, Map.prototype);
export type SafeMap<K, V> = Map<K, V>;

/** A Set whose methods are its own. Made empty; walk it with forEach(). */
export const SafeSet = seal(class SafeSet<T> extends Set<T> {}, Set.prototype);
export type SafeSet<T> = Set<T>;

export const SafeWeakMap = seal(
  class SafeWeakMap<K extends object, V> extends WeakMap<K, V> {},
  WeakMap.prototype,
);
export type SafeWeakMap<K extends object, V> = WeakMap<K, V>;

export const SafeWeakSet = seal(
  class SafeWeakSet<T extends object> extends WeakSet<T> {},
  WeakSet.prototype,
);
export type SafeWeakSet<T extends object> = WeakSet<T>;

/** A record without a prototype: what is missing is undefined, whatever Object.prototype has. */
export function safeRecord<T>(): Record<string, T> {
  return create(null) as Record<string, T>;
}
