import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestContext } from "../src/io.js";
import type { RequestEvent } from "../src/protocol.js";
import { AbortController } from "../src/web/abort.js";
import { extractForCommand } from "../src/web/body.js";
import { Request, requestFromEvent, requestHead } from "../src/web/request.js";
import { ReadableStream } from "../src/web/streams.js";
import { URL } from "../src/web/url.js";
import { addStream } from "./fake_io.js";

const url = "https://example.com/";

function fromClient(
  change: Partial<{ method: string; stream: number; bytes: Uint8Array }> = {},
  context: { onAbort?: () => void } = {},
): Request {
  const event: RequestEvent = [
    "request",
    1,
    change.method ?? "GET",
    "http://client.example/path?q",
    ["host", "client.example", "accept", "*/*"],
    change.bytes?.byteLength ?? null,
    change.stream ?? null,
    { colo: "EDG" },
    null,
    null,
    null,
    false,
  ];
  return requestFromEvent(event, change.bytes ?? null, context as unknown as RequestContext);
}

test("what a request is by default", () => {
  const request = new Request("https://Example.com:443/a/../b");
  assert.equal(request.url, "https://example.com/b");
  assert.equal(request.method, "GET");
  assert.equal(request.redirect, "follow");
  assert.equal(request.body, null);
  assert.equal(request.fetcher, null);
  assert.equal(request.keepalive, false);
  assert.equal(request.integrity, "");
  assert.equal(request.cache, undefined);
  assert.equal(request.cf, undefined);
  assert.equal(request.signal.aborted, false);
  assert.equal(request.signal, request.signal);
  assert.equal(new Request(new URL(url)).url, url);
  assert.equal(Object.prototype.toString.call(request), "[object Request]");
  assert.deepEqual(Object.keys(request), []);
});

test("URLs have to be absolute", () => {
  for (const input of ["/x", "", "http://"]) {
    assert.throws(() => new Request(input), {
      name: "TypeError",
      message: `Invalid URL: ${input}`,
    });
  }
  assert.throws(() => new (Request as unknown as new () => Request)(), TypeError);
});

test("methods are normalised, some are forbidden", () => {
  const methodOf = (method: string): string => new Request(url, { method }).method;
  assert.equal(methodOf("post"), "POST");
  assert.equal(methodOf("patch"), "PATCH");
  assert.equal(methodOf("purge"), "purge");
  for (const method of ["connect", "TRACK", "a b", ""]) {
    assert.throws(() => methodOf(method), { message: `Invalid HTTP method string: ${method}` });
  }
});

test("GET and HEAD have no body", () => {
  const message = "Request with a GET or HEAD method cannot have a body.";
  assert.throws(() => new Request(url, { body: "x" }), { message });
  assert.throws(() => new Request(url, { method: "head", body: "" }), { message });
  const post = new Request(url, { method: "POST", body: "x" });
  assert.throws(() => new Request(post, { method: "GET" }), { message });
  assert.equal(new Request(url, { body: null }).body, null);
});

test("options are checked", () => {
  assert.throws(() => new Request(url, { redirect: "away" }), TypeError);
  assert.throws(() => new Request(url, { cache: "x" }), { message: "Unsupported cache mode: x" });
  assert.throws(() => new Request(url, { integrity: "sha256-x" }), TypeError);
  assert.throws(() => new Request(url, { signal: 1 }), TypeError);
  assert.throws(() => new Request(url, { cf: 1 }), TypeError);
  assert.throws(() => new Request(url, 1), TypeError);
  const request = new Request(url, { redirect: "manual", cache: "no-store", cf: { cacheTtl: 5 } });
  assert.equal(request.redirect, "manual");
  assert.equal(request.cache, "no-store");
  assert.deepEqual(request.cf, { cacheTtl: 5 });
});

test("a client's request is what the gateway says", async () => {
  const request = fromClient({ method: "PURGE", bytes: new TextEncoder().encode("hi") });
  assert.equal(request.method, "PURGE");
  assert.equal(request.url, "http://client.example/path?q");
  assert.equal(request.redirect, "manual");
  assert.deepEqual(request.cf, { colo: "EDG" });
  assert.equal(request.headers.get("Host"), "client.example");
  assert.throws(() => request.headers.set("a", "b"), {
    message: "Can't modify immutable headers.",
  });
  assert.equal(await request.text(), "hi");
});

test("a copy can be changed and takes the body along", async () => {
  addStream(20, "x");
  const request = fromClient({ method: "POST", stream: 20 });
  const copy = new Request("https://other.example/", request);
  const second = new Request(copy, { headers: { a: "1" } });
  assert.deepEqual([...second.headers], [["a", "1"]]);
  copy.headers.set("b", "2");
  assert.equal(request.headers.get("b"), null);
  assert.equal(second.method, "POST");
  assert.equal(second.url, "https://other.example/");
  assert.deepEqual(extractForCommand(second), { inline: null, stream: 20, sink: null });
  assert.equal(request.bodyUsed, true);
  assert.throws(() => new Request(copy), {
    message: "Cannot reconstruct a Request with a used body.",
  });
  assert.equal(new Request(copy, { body: "new" }).bodyUsed, false);
});

test("a client's GET with a body can be copied", () => {
  addStream(21, "x");
  const copy = new Request(fromClient({ stream: 21 }), { headers: {} });
  assert.equal(extractForCommand(copy).stream, 21);
});

test("a copy takes a stream over", async () => {
  const body = ReadableStream.from([new TextEncoder().encode("ab")]);
  const request = new Request(url, { method: "POST", body });
  const copy = new Request(request);
  assert.equal(request.bodyUsed, true);
  assert.equal(body.locked, true);
  assert.equal(await copy.text(), "ab");
});

test("a clone keeps everything and leaves the body", async () => {
  const request = fromClient({ method: "POST", bytes: new TextEncoder().encode("hi") });
  const clone = request.clone();
  assert.equal(clone.method, "POST");
  assert.equal(clone.url, request.url);
  assert.throws(() => clone.headers.set("a", "b"), TypeError);
  assert.equal(clone.signal, request.signal);
  assert.equal(await clone.text(), "hi");
  assert.equal(await request.text(), "hi");
});

test("a client that goes away fires the signal, before or after somebody looks", () => {
  const context: { onAbort?: () => void } = {};
  const request = fromClient({}, context);
  const { signal } = request;
  context.onAbort?.();
  assert.equal(signal.aborted, true);
  assert.equal((signal.reason as Error).name, "AbortError");

  const later: { onAbort?: () => void } = {};
  const other = fromClient({}, later);
  later.onAbort?.();
  assert.equal(other.signal.aborted, true);
});

test("a subrequest follows a signal that it was given, not the client's by itself", () => {
  const request = fromClient();
  assert.equal(requestHead(new Request(request)).signal, null);
  assert.equal(requestHead(new Request(url, request)).signal, null);
  const { signal } = new AbortController();
  const followed = new Request(url, { signal });
  assert.equal(requestHead(followed).signal, signal);
  assert.equal(followed.signal, signal);
  assert.equal(requestHead(new Request(followed)).signal, signal);
  assert.equal(requestHead(new Request(followed, { signal: null })).signal, null);
  assert.equal(requestHead(new Request(url, { signal: request.signal })).signal, request.signal);
});
