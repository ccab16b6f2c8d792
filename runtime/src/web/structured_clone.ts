// HTML §2.7: structuredClone(), by the engine's own serializer and clone_objects.ts.

import { engineClone, isArrayBuffer, isNativeError } from "../engine.js";
import {
  ArrayBufferDetached,
  ArrayBufferTransfer,
  ArrayIndexOf,
  StringEndsWith,
  safeList,
  uncurryGetter,
} from "../primordials.js";
import { Body } from "./body.js";
import { cloneObject, makeCloneable } from "./clone_objects.js";
import { DOMException } from "./dom_exception.js";
import { flatFromHeaders, Headers, headersFromFlat } from "./headers.js";
import { Request } from "./request.js";
import { Response } from "./response.js";
import { ReadableStream, WritableStream } from "./streams.js";
import { requireArguments, toDictionary } from "./webidl.js";

const { apply, getOwnPropertyDescriptor } = Reflect;
const bodyOf: (body: Body) => ReadableStream | null = uncurryGetter(Body.prototype, "body");

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
    if (isUncloneable(error)) throw dataCloneError(error.message);
    throw error;
  }
}

/** The engine's complaint, as opposed to what a getter of the value threw. */
function isUncloneable(error: unknown): error is Error {
  if (!isNativeError(error)) return false;
  const message: unknown = getOwnPropertyDescriptor(error, "message")?.value;
  return typeof message === "string" && StringEndsWith(message, " could not be cloned.");
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

const { clone: cloneRequest } = Request.prototype;
const { clone: cloneResponse } = Response.prototype;
makeCloneable(Request, (request) => {
  if (bodyOf(request) !== null) throw onlyForRpc(ReadableStream);
  return apply(cloneRequest, request, []);
});
makeCloneable(Response, (response) => {
  if (bodyOf(response) !== null) throw onlyForRpc(ReadableStream);
  return apply(cloneResponse, response, []);
});

for (const stream of [ReadableStream, WritableStream]) {
  makeCloneable<object>(stream, () => {
    throw onlyForRpc(stream);
  });
}

function onlyForRpc({ name }: { readonly name: string }): DOMException {
  return dataCloneError(`${name} can only be serialized for RPC.`);
}
