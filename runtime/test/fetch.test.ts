import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { FetchCommand } from "../src/protocol.js";
import { AbortController, AbortSignal } from "../src/web/abort.js";
import { extractForCommand } from "../src/web/body.js";
import { fetch } from "../src/web/fetch.js";
import { Request } from "../src/web/request.js";
import { Response } from "../src/web/response.js";
import { ReadableStream } from "../src/web/streams.js";
import { addStream, commands, fake, pendingOps, settle, sinks } from "./fake_io.js";

const url = "https://example.com/";
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  commands.length = 0;
});

function lastFetch(): FetchCommand {
  const command = commands.findLast((candidate) => candidate[0] === "fetch");
  assert.ok(command);
  return command as FetchCommand;
}

function respond(stream: number | null, bytes: Uint8Array | null = null): void {
  const inline = bytes === null ? null : bytes.byteLength;
  settle(
    ["response", lastFetch()[2], 200, "OK", ["a", "1"], url, false, inline, stream, null],
    bytes,
  );
}

test("a command and its response", async () => {
  const promise = fetch(url, {
    method: "post",
    body: "hi",
    headers: { X: "y" },
    cf: { cacheTtl: 1 },
    redirect: "error",
  });
  const [tag, request, op, ...rest] = lastFetch();
  assert.deepEqual([tag, request, typeof op], ["fetch", 7, "number"]);
  assert.deepEqual(rest, [
    "POST",
    url,
    ["x", "y", "content-type", "text/plain;charset=UTF-8"],
    2,
    null,
    null,
    "error",
    { cacheTtl: 1 },
    null,
    null,
    null,
  ]);
  respond(null, new TextEncoder().encode("hello"));
  const response = await promise;
  assert.equal(response.status, 200);
  assert.equal(response.url, url);
  assert.equal(await response.text(), "hello");
  assert.equal(pendingOps(), 0);
});

test("a Request is sent as it is, and its body is used", async () => {
  const request = new Request(url, { method: "PUT", body: "x" });
  const promise = fetch(request);
  assert.equal(request.bodyUsed, true);
  respond(null);
  assert.equal((await promise).body, null);
  await assert.rejects(fetch(request), TypeError);
  assert.equal(commands.length, 1);
  assert.equal(pendingOps(), 0);
});

test("wrong arguments are rejections, and send nothing", async () => {
  const rejects = (input: unknown, message: RegExp, init?: unknown): Promise<void> =>
    assert.rejects(fetch(input, init), { name: "TypeError", message });
  await rejects("/x", /^Invalid URL: \/x$/);
  await rejects("ftp://x/", /^Fetch API cannot load: ftp:\/\/x\/$/);
  await rejects(url, /GET or HEAD/, { body: "x" });
  await rejects(url, /BigInt/, { cf: { a: 1n } });
  await assert.rejects((fetch as () => Promise<unknown>)(), TypeError);
  assert.equal(commands.length, 0);
});

test("there are no subrequests outside of a request", async () => {
  const { request } = fake;
  fake.request = null;
  await assert.rejects(fetch(url), { message: /^Disallowed operation/ });
  fake.request = request;
});

test("failures are errors of their name", async () => {
  for (const [name, expected] of [
    ["TypeError", "TypeError"],
    ["Error", "Error"],
    ["TimeoutError", "TimeoutError"],
  ] as const) {
    const promise = fetch(url);
    settle(["failure", lastFetch()[2], name, "Network connection lost."]);
    await assert.rejects(promise, { name: expected, message: "Network connection lost." });
  }
});

test("cache modes are what the platform makes of them", () => {
  void fetch(url, { cache: "no-store", headers: { Pragma: "x" } });
  const command = lastFetch();
  assert.deepEqual(command[5], ["pragma", "x", "cache-control", "no-cache"]);
  assert.deepEqual(command[10], { cacheTtl: -1, cacheLevel: "bypass" });
});

test("bodies that the gateway holds are passed on both ways", async () => {
  addStream(30, "x");
  const promise = fetch(url);
  respond(30);
  const upstream = await promise;
  void fetch(url, { method: "POST", body: upstream.body });
  assert.deepEqual(lastFetch().slice(6, 9), [null, 30, null]);

  addStream(31, "x");
  const second = fetch(url);
  respond(31);
  const response = await second;
  const mine = new Response(response.body, response);
  mine.headers.set("b", "2");
  assert.equal(extractForCommand(mine).stream, 31);
});

test("a stream is pumped into a sink; when it breaks, fetch() rejects with its error", async () => {
  const body = ReadableStream.from([new TextEncoder().encode("ab")]);
  void fetch(url, { method: "POST", body });
  const sink = lastFetch()[8] as number;
  await tick();
  assert.equal(sinks.get(sink)?.text, "ab");

  const broken = new ReadableStream({
    pull() {
      throw new RangeError("boo");
    },
  });
  const promise = fetch(url, { method: "POST", body: broken });
  const op = lastFetch()[2];
  await assert.rejects(promise, { name: "RangeError", message: "boo" });
  assert.deepEqual(commands.at(-1), ["abort", op]);
});

test("aborted before: nothing is sent", async () => {
  await assert.rejects(fetch(url, { signal: AbortSignal.abort() }), { name: "AbortError" });
  const reason = new Error("mine");
  await assert.rejects(fetch(url, { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(commands.length, 0);
});

test("aborted before the head: the op is given up", async () => {
  const before = pendingOps();
  const controller = new AbortController();
  const promise = fetch(url, { signal: controller.signal });
  const op = lastFetch()[2];
  controller.abort();
  await assert.rejects(promise, { name: "AbortError" });
  assert.deepEqual(commands.at(-1), ["abort", op]);
  respond(null);
  assert.equal(pendingOps(), before);
});

test("aborted while the body comes: whoever reads it gets the reason", async () => {
  for (const read of [
    (response: Response) => response.text(),
    (response: Response) => response.body!.getReader().read(),
  ]) {
    const stream = addStream(32, "a");
    const controller = new AbortController();
    const promise = fetch(url, { signal: controller.signal });
    const op = lastFetch()[2];
    respond(32);
    const response = await promise;
    const reading = read(response);
    controller.abort(new Error("enough"));
    await assert.rejects(reading, { message: "enough" });
    assert.equal(stream.discarded, true);
    assert.deepEqual(commands.at(-1), ["abort", op]);
  }
});

test("aborted after the body was passed on: the gateway is told", async () => {
  const stream = addStream(33, "a");
  const controller = new AbortController();
  const promise = fetch(url, { signal: controller.signal });
  const op = lastFetch()[2];
  respond(33);
  extractForCommand(await promise);
  controller.abort();
  assert.deepEqual(commands.at(-1), ["abort", op]);
  assert.equal(stream.discarded, false);
});

test("aborted after the body was read: nothing happens", async () => {
  addStream(34, "a");
  const controller = new AbortController();
  const promise = fetch(url, { signal: controller.signal });
  respond(34);
  assert.equal(await (await promise).text(), "a");
  commands.length = 0;
  controller.abort();
  assert.equal(commands.length, 0);
});
