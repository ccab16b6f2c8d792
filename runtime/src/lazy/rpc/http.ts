// Headers, requests, responses and streams as parts of a value. Bodies and readable streams become
// bodies of the protocol: one that the gateway holds is passed on without being read. A writable
// stream becomes a stub of an object that writes what it is called with.

import { requireRequest } from "../../io.js";
import { type Body, initBody, isUsed, moveSource } from "../../web/body.js";
import { flatFromHeaders, Headers, headersFromFlat } from "../../web/headers.js";
import { isRequest, Request, requestHead } from "../../web/request.js";
import { isResponse, Response, responseHead } from "../../web/response.js";
import {
  isDisturbed,
  isLocked,
  isReadableStream,
  type ReadableStream,
  WritableStream,
  WritableStreamDefaultWriter,
} from "../../web/streams.js";
import { isDerived } from "../../workers/entrypoint.js";
import { callStub } from "./client.js";
import type { Encoder } from "./encode.js";
import { dataCloneError } from "./errors.js";
import { type Handle, letGo, localHandle } from "./handles.js";

const { Error, TypeError } = globalThis;
const { apply, getOwnPropertyDescriptor } = Reflect;
const { write, close, abort } = WritableStreamDefaultWriter.prototype;
const { prototype: writablePrototype } = WritableStream;
const { prototype: headersPrototype } = Headers;
const isLockedWritable = getOwnPropertyDescriptor(writablePrototype, "locked")
  ?.get as () => boolean;

/** The entry of such an object (see encode.ts); null for others. */
export function httpEntry(value: object, encoder: Encoder): unknown[] | null {
  if (isResponse(value)) {
    const { status, statusText, headers, encoded } = responseHead(value);
    if (status < 200) throw dataCloneError(`A response of status ${status} can't be sent.`);
    const { cf } = value;
    const kept = cf === undefined ? null : encoder.copy(cf);
    return ["response", status, statusText, headers, encoded, kept, passBody(value, encoder)];
  }
  if (isRequest(value)) {
    const { method, url, headers, redirect, cf } = requestHead(value);
    return ["request", method, url, headers, redirect, encoder.copy(cf), passBody(value, encoder)];
  }
  if (isDerived(value, headersPrototype)) return ["headers", flatFromHeaders(value as Headers)];
  if (isReadableStream(value)) return ["readable", passReadable(value, encoder)];
  if (isDerived(value, writablePrototype)) return passWritable(value as WritableStream, encoder);
  return null;
}

/** What entries of these kinds stand for; undefined for other kinds. */
export function httpObject(entry: unknown[], bodyAt: (at: unknown) => Body): object | undefined {
  const { 0: kind, 1: a, 2: b, 3: c, 4: d, 5: cf, 6: body } = entry;
  switch (kind) {
    case "headers":
      return headersFromFlat(flat(a), false);
    case "readable":
      return bodyAt(a).body as object;
    case "request": {
      const request = new Request(b, {
        __proto__: null,
        method: a,
        redirect: d,
        headers: headersFromFlat(flat(c), false),
        cf: cf ?? undefined,
      });
      moveBody(bodyAt(body), request);
      return request;
    }
    case "response": {
      const response = new Response(null, {
        __proto__: null,
        status: a,
        statusText: b,
        headers: headersFromFlat(flat(c), false),
        cf: cf ?? undefined,
        encodeBody: d === true ? "manual" : "automatic",
      });
      moveBody(bodyAt(body), response);
      return response;
    }
    default:
      return undefined;
  }
}

function moveBody(from: Body, to: Body): void {
  initBody(to, moveSource(from));
}

function flat(value: unknown): string[] {
  return value as string[];
}

/** Where the body is among the parcels. */
function passBody(message: Body, encoder: Encoder): number {
  if (isUsed(message)) throw new TypeError("Body has already been used. It can only be used once.");
  return encoder.pass({ kind: "body", body: message });
}

function passReadable(stream: ReadableStream, encoder: Encoder): number {
  // The platform's words.
  if (isLocked(stream)) throw new TypeError("The ReadableStream has been locked to a reader.");
  if (isDisturbed(stream)) throw new TypeError("The ReadableStream has already been read from.");
  return encoder.pass({ kind: "body", body: new Response(stream) });
}

function passWritable(stream: WritableStream, encoder: Encoder): unknown[] {
  // The platform's words.
  if (apply(isLockedWritable, stream, [])) {
    throw new TypeError("The WritableStream has been locked to a writer.");
  }
  const writer = new WritableStreamDefaultWriter(stream);
  let open = true;
  const target = {
    __proto__: null,
    write: (chunk: unknown) => apply(write, writer, [chunk]),
    close: () => {
      open = false;
      return apply(close, writer, []);
    },
    abort: (reason: unknown) => {
      open = false;
      return apply(abort, writer, [reason]);
    },
  };
  const onEnd = (): void => {
    const reason = new Error("WritableStream received over RPC was disposed before it was closed.");
    if (open) void apply(abort, writer, [reason]);
  };
  const handle = localHandle(requireRequest(), target, true, onEnd);
  return ["writable", encoder.pass({ kind: "stub", handle })];
}

/** A stream whose other end is the object that `handle` stands for. */
export function writableOf(handle: Handle): WritableStream {
  const end = async (method: string, values: unknown[]): Promise<void> => {
    try {
      await callStub(handle, method, values);
    } finally {
      letGo(handle);
    }
  };
  return new WritableStream({
    write: async (chunk) => {
      await callStub(handle, "write", [chunk]);
    },
    close: () => end("close", []),
    abort: (reason) => end("abort", [`${reason}`]),
  });
}
