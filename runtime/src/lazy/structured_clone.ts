// HTML §2.7: structuredClone(), by the engine's own serializer and clone_objects.ts.

import { engineClone, isArrayBuffer, isNativeError } from "../engine.js";
import { isOurs, nativeSource } from "../function_source.js";
import {
  ArrayBufferDetached,
  ArrayBufferTransfer,
  ArrayIndexOf,
  RegExpExec,
  StringEndsWith,
  StringIndexOf,
  StringSlice,
  safeList,
} from "../primordials.js";
import { bodyOf, cloneRequest, cloneResponse, makeCloneable } from "../web/cloneable.js";
import { DOMException } from "../web/dom_exception.js";
import { flatFromHeaders, Headers, headersFromFlat } from "../web/headers.js";
import { Request } from "../web/request.js";
import { Response } from "../web/response.js";
import { ReadableStream, WritableStream } from "../web/streams.js";
import { requireArguments, toDictionary } from "../web/webidl.js";
import { cloneObject } from "./structured_clone/clone_objects.js";

const { getOwnPropertyDescriptor } = Reflect;

/** How the engine's complaints end. */
const UNCLONEABLE = " could not be cloned.";

/**
 * Buffers to transfer are copied with the rest and then detached, which looks the same as moving
 * them.
 */
export function structuredClone<T>(value: T, options: unknown = undefined): T {
  requireArguments("structuredClone", arguments.length, 1);
  const { transfer } = toDictionary<{ transfer: Iterable<unknown> }>(
    options,
    "StructuredSerializeOptions",
  );
  const buffers = transfer === undefined ? safeList<ArrayBuffer>() : toBuffers(transfer);
  const clone = cloneValue(value);
  for (let i = 0; i < buffers.length; i++) ArrayBufferTransfer(buffers[i] as ArrayBuffer);
  return clone as T;
}

function cloneValue(value: unknown): unknown {
  try {
    return typeof value === "object" && value !== null ? cloneObject(value) : engineClone(value);
  } catch (error) {
    if (isUncloneable(error)) throw dataCloneError(withoutSource(error.message));
    throw error;
  }
}

/** The engine's complaint, as opposed to what a getter of the value threw. */
function isUncloneable(error: unknown): error is Error {
  if (!isNativeError(error)) return false;
  const message: unknown = getOwnPropertyDescriptor(error, "message")?.value;
  return typeof message === "string" && StringEndsWith(message, UNCLONEABLE);
}

/** The engine shows the beginning of a function's source, which may be the runtime layer's. */
function withoutSource(message: string): string {
  const shown = StringSlice(message, 0, message.length - UNCLONEABLE.length);
  const omitted = StringIndexOf(shown, "...<omitted>...");
  const source = omitted < 0 ? shown : StringSlice(shown, 0, omitted);
  if (!isOurs(source)) return message;
  const name = RegExpExec(/^(?:async |get |set )*(?:function |class )?_?(\w*)/, source)?.[1] ?? "";
  return nativeSource(name) + UNCLONEABLE;
}

function toBuffers(transfer: Iterable<unknown>): ArrayBuffer[] {
  const list = [...transfer];
  const buffers = safeList<ArrayBuffer>();
  for (let i = 0; i < list.length; i++) {
    const value = list[i];
    if (!isArrayBuffer(value)) {
      throw dataCloneError("A value in the transfer list is not transferable.");
    }
    if (ArrayBufferDetached(value)) {
      throw dataCloneError("An ArrayBuffer to transfer is detached.");
    }
    if (ArrayIndexOf(buffers, value) >= 0) {
      throw dataCloneError("An ArrayBuffer is in the transfer list twice.");
    }
    buffers[i] = value;
  }
  return buffers;
}

function dataCloneError(message: string): DOMException {
  return new DOMException(message, "DataCloneError");
}

// --- What can be cloned --------------------------------------------------------------------------

makeCloneable(DOMException, (exception) => {
  const copy = new DOMException(exception.message, exception.name);
  copy.stack = exception.stack as string;
  return copy;
});

makeCloneable(Headers, (headers) => headersFromFlat(flatFromHeaders(headers), false));

makeCloneable(Request, (request) => {
  if (bodyOf(request) !== null) throw onlyForRpc(ReadableStream);
  return cloneRequest(request);
});
makeCloneable(Response, (response) => {
  if (bodyOf(response) !== null) throw onlyForRpc(ReadableStream);
  return cloneResponse(response);
});

makeCloneable<object>(ReadableStream, () => {
  throw onlyForRpc(ReadableStream);
});
makeCloneable<object>(WritableStream, () => {
  throw onlyForRpc(WritableStream);
});

function onlyForRpc({ name }: { readonly name: string }): DOMException {
  return dataCloneError(`${name} can only be serialized for RPC.`);
}
