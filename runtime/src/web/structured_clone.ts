// HTML §2.7: structuredClone(), by the engine's own serializer.

import { engineClone, isAnyArrayBuffer } from "../engine.js";
import { DOMException, isDomException } from "./dom_exception.js";
import { requireArguments, toDictionary } from "./webidl.js";

const { ArrayBuffer, Error, Set } = globalThis;

/**
 * Buffers to transfer are copied with the rest and then detached, which looks the same as moving
 * them. Platform objects inside `value` come out as plain objects without properties, where the
 * standard throws: the engine's serializer does not know them.
 */
export function structuredClone<T>(value: T, options?: { transfer?: Iterable<unknown> }): T {
  requireArguments("structuredClone", arguments.length, 1);
  const { transfer } = toDictionary<{ transfer: Iterable<unknown> }>(
    options,
    "StructuredSerializeOptions",
  );
  const buffers = transfer === undefined ? [] : transferable([...transfer]);
  const clone = cloneValue(value);
  for (const buffer of buffers) buffer.transfer();
  return clone as T;
}

function cloneValue(value: unknown): unknown {
  if (isDomException(value)) {
    const copy = new DOMException(value.message, value.name);
    copy.stack = value.stack;
    return copy;
  }
  try {
    return engineClone(value);
  } catch (error) {
    if (isUncloneable(error)) throw new DOMException(error.message, "DataCloneError");
    throw error;
  }
}

/** The engine's complaint, as opposed to what a getter of the value threw. */
function isUncloneable(error: unknown): error is Error {
  return error instanceof Error && / could not be cloned\.$/.test(error.message);
}

function transferable(transfer: unknown[]): ArrayBuffer[] {
  const seen = new Set<unknown>();
  return transfer.map((value) => {
    if (!isAnyArrayBuffer(value) || !(value instanceof ArrayBuffer)) {
      throw new DOMException("A value in the transfer list is not transferable.", "DataCloneError");
    }
    if (value.detached) {
      throw new DOMException("An ArrayBuffer to transfer is detached.", "DataCloneError");
    }
    if (seen.has(value)) {
      throw new DOMException("An ArrayBuffer is in the transfer list twice.", "DataCloneError");
    }
    seen.add(value);
    return value;
  });
}
