// https://nodejs.org/api/util.html#utiltypes: what a value is inside, whatever it says of itself.

import {
  isAnyArrayBuffer,
  isDate,
  isMap,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isStringObject,
} from "../engine.js";
import { FunctionToString, RegExpMatches, TypedArrayName } from "../primordials.js";

export {
  isAnyArrayBuffer,
  isDate,
  isMap,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isStringObject,
};

type Test = (value: unknown) => boolean;

/** Whether a method that only works on one kind of object works. */
function accepts(method: (...values: unknown[]) => unknown, ...values: unknown[]): Test {
  return (value) => {
    if (typeof value !== "object" || value === null) return false;
    try {
      Reflect.apply(method, value, values);
      return true;
    } catch {
      return false;
    }
  };
}

function getter(prototype: object, name: PropertyKey): () => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as () => unknown;
}

/** By what Object.prototype.toString() says, for kinds that nothing else tells. */
const named =
  (name: string): Test =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.prototype.toString.call(value) === `[object ${name}]`;

const code =
  (start: RegExp): Test =>
  (value) =>
    typeof value === "function" && RegExpMatches(start, FunctionToString(value));

const typed =
  (name: string): Test =>
  (value) =>
    ArrayBuffer.isView(value) && TypedArrayName(value) === name;

export const isArrayBuffer: Test = accepts(getter(ArrayBuffer.prototype, "byteLength"));
export const isSharedArrayBuffer: Test = (value) =>
  isAnyArrayBuffer(value) && !isArrayBuffer(value);
export const isArrayBufferView: Test = (value) => ArrayBuffer.isView(value);
export const isTypedArray: Test = (value) => TypedArrayName(value) !== undefined;
export const isDataView: Test = (value) => ArrayBuffer.isView(value) && !isTypedArray(value);
export const isWeakMap: Test = accepts(WeakMap.prototype.has as never, {});
export const isWeakSet: Test = accepts(WeakSet.prototype.has as never, {});
export const isNumberObject: Test = accepts(Number.prototype.valueOf);
export const isBooleanObject: Test = accepts(Boolean.prototype.valueOf);
export const isBigIntObject: Test = accepts(BigInt.prototype.valueOf);
export const isSymbolObject: Test = accepts(Symbol.prototype.valueOf as never);
export const isBoxedPrimitive: Test = (value) =>
  isNumberObject(value) ||
  isBooleanObject(value) ||
  isStringObject(value) ||
  isBigIntObject(value) ||
  isSymbolObject(value);
export const isArgumentsObject: Test = named("Arguments");
export const isGeneratorObject: Test = named("Generator");
export const isMapIterator: Test = named("Map Iterator");
export const isSetIterator: Test = named("Set Iterator");
export const isModuleNamespaceObject: Test = named("Module");
export const isCryptoKey: Test = named("CryptoKey");
export const isKeyObject: Test = named("KeyObject");
export const isExternal: Test = () => false;
export const isEventTarget: Test = named("EventTarget");
export const isAsyncFunction: Test = code(/^async\b|^\[async /);
export const isGeneratorFunction: Test = code(/^(?:async\s+)?function\s*\*|^(?:async\s*)?\*/);
export const isUint8Array: Test = typed("Uint8Array");
export const isUint8ClampedArray: Test = typed("Uint8ClampedArray");
export const isUint16Array: Test = typed("Uint16Array");
export const isUint32Array: Test = typed("Uint32Array");
export const isInt8Array: Test = typed("Int8Array");
export const isInt16Array: Test = typed("Int16Array");
export const isInt32Array: Test = typed("Int32Array");
export const isFloat16Array: Test = typed("Float16Array");
export const isFloat32Array: Test = typed("Float32Array");
export const isFloat64Array: Test = typed("Float64Array");
export const isBigInt64Array: Test = typed("BigInt64Array");
export const isBigUint64Array: Test = typed("BigUint64Array");

export default {
  isAnyArrayBuffer,
  isArgumentsObject,
  isArrayBuffer,
  isArrayBufferView,
  isAsyncFunction,
  isBigInt64Array,
  isBigIntObject,
  isBigUint64Array,
  isBooleanObject,
  isBoxedPrimitive,
  isCryptoKey,
  isDataView,
  isDate,
  isEventTarget,
  isExternal,
  isFloat16Array,
  isFloat32Array,
  isFloat64Array,
  isGeneratorFunction,
  isGeneratorObject,
  isInt16Array,
  isInt32Array,
  isInt8Array,
  isKeyObject,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isNumberObject,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isStringObject,
  isSymbolObject,
  isTypedArray,
  isUint16Array,
  isUint32Array,
  isUint8Array,
  isUint8ClampedArray,
  isWeakMap,
  isWeakSet,
};
