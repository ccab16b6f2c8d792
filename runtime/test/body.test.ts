import assert from "node:assert/strict";
import { test } from "node:test";
import { FixedLengthStream, IdentityTransformStream } from "../src/lazy/byte_pipes.js";
import { extractForCommand, initBody } from "../src/web/body.js";
import { GatewayBody } from "../src/web/gateway_body.js";
import { Response, responseHead } from "../src/web/response.js";
import { ReadableStream } from "../src/web/streams.js";
import { URLSearchParams } from "../src/web/url_search_params.js";
import { addStream, exceptions, sinks, streams } from "./fake_io.js";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function fromGateway(id: number): Response {
  const response = new Response();
  initBody(response, new GatewayBody(id, null));
  return response;
}

function streamOf(...chunks: unknown[]): ReadableStream {
  return ReadableStream.from(chunks);
}

test("text, json, arrayBuffer and bytes of each kind of body", async () => {
  const kinds: [string, () => Response][] = [
    ["text", () => new Response('{"a":"é"}')],
    ["bytes", () => new Response(encode('{"a":"é"}'))],
    ["buffer", () => new Response(encode('{"a":"é"}').buffer)],
    ["stream", () => new Response(streamOf(encode('{"a":'), encode('"é"}').buffer))],
    [
      "gateway",
      () => {
        addStream(1, '{"a":', '"é"}');
        return fromGateway(1);
      },
    ],
  ];
  for (const [kind, make] of kinds) {
    assert.equal(await make().text(), '{"a":"é"}', kind);
    assert.deepEqual(await make().json(), { a: "é" }, kind);
    assert.equal((await make().arrayBuffer()).byteLength, 10, kind);
    assert.deepEqual(await make().bytes(), encode('{"a":"é"}'), kind);
    const looked = make();
    assert.equal(looked.body, looked.body, kind);
    assert.equal(await looked.text(), '{"a":"é"}', kind);
    assert.equal(looked.bodyUsed, true, kind);
  }
});

test("a body that is null is empty and never used", async () => {
  const response = new Response(null);
  assert.equal(response.body, null);
  assert.equal(await response.text(), "");
  assert.equal(response.bodyUsed, false);
  await assert.rejects(response.json(), SyntaxError);
});

test("a body can be used once", async () => {
  addStream(2, "x");
  for (const response of [
    new Response("x"),
    new Response(encode("x")),
    new Response(streamOf(encode("x"))),
    fromGateway(2),
  ]) {
    await response.text();
    assert.equal(response.bodyUsed, true);
    await assert.rejects(response.text(), {
      name: "TypeError",
      message:
        "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.",
    });
    assert.throws(() => response.clone(), TypeError);
    assert.throws(() => extractForCommand(response), TypeError);
    assert.equal(response.body?.locked, true);
  }
});

test("a locked body can't be read", async () => {
  const response = new Response("x");
  response.body?.getReader();
  assert.equal(response.bodyUsed, false);
  const message = "This ReadableStream is currently locked to a reader.";
  await assert.rejects(response.text(), { message });
  assert.throws(() => response.clone(), { message });
});

test("the stream of a body is a byte stream", async () => {
  addStream(3, "abc");
  for (const response of [new Response("abc"), fromGateway(3)]) {
    const reader = response.body!.getReader({ mode: "byob" });
    const first = await reader.read(new Uint8Array(2));
    assert.deepEqual([...(first.value ?? [])], [97, 98]);
    assert.equal(response.bodyUsed, true);
    const second = await reader.read(new Uint8Array(2));
    assert.deepEqual([...(second.value ?? [])], [99]);
    assert.equal((await reader.read(new Uint8Array(2))).done, true);
  }
});

test("cancelling gives a body back", async () => {
  const stream = addStream(4, "abc");
  const response = fromGateway(4);
  await response.body?.cancel();
  assert.equal(stream.discarded, true);
  assert.equal(response.bodyUsed, true);
});

test("a body that breaks off rejects, with what it broke from", async () => {
  addStream(5, "a", new TypeError("connection lost"));
  await assert.rejects(fromGateway(5).text(), { message: "connection lost" });
  addStream(5, "a", new TypeError("connection lost"));
  const reader = fromGateway(5).body!.getReader();
  assert.equal((await reader.read()).done, false);
  await assert.rejects(reader.read(), { message: "connection lost" });
});

test("streams have to give bytes", async () => {
  const message = "This ReadableStream did not return bytes.";
  for (const chunk of ["text", 5, null]) {
    await assert.rejects(new Response(streamOf(chunk)).text(), { name: "TypeError", message });
  }
});

test("a used or locked stream can't be a body", async () => {
  const locked = streamOf(encode("x"));
  locked.getReader();
  assert.throws(() => new Response(locked), TypeError);
  const response = new Response("x");
  const { body } = response;
  await response.text();
  assert.throws(() => new Response(body), TypeError);
});

test("what has a default content type", () => {
  const typeOf = (body: unknown): string | null => new Response(body).headers.get("content-type");
  assert.equal(typeOf("x"), "text/plain;charset=UTF-8");
  assert.equal(
    typeOf(new URLSearchParams("a=b")),
    "application/x-www-form-urlencoded;charset=UTF-8",
  );
  assert.equal(typeOf(encode("x")), null);
  assert.equal(typeOf(streamOf(encode("x"))), null);
  const own = new Response("x", { headers: { "Content-Type": "text/html" } });
  assert.deepEqual([...own.headers], [["content-type", "text/html"]]);
});

test("text is well-formed and loses a byte order mark", async () => {
  assert.equal(await new Response("\ufeffa\ud800").text(), "a\ufffd");
  assert.equal(await new Response(5).text(), "5");
});

test("bytes are copied", async () => {
  const bytes = encode("abc");
  const response = new Response(bytes);
  bytes[0] = 0;
  assert.equal(await response.text(), "abc");
  assert.deepEqual(
    await new Response(new Uint16Array([1, 2])).bytes(),
    new Uint8Array([1, 0, 2, 0]),
  );
});

test("clones can both be read", async () => {
  addStream(6, "a", "b");
  for (const [response, text] of [
    [new Response("ab"), "ab"],
    [new Response(encode("ab")), "ab"],
    [new Response(streamOf(encode("a"), encode("b"))), "ab"],
    [fromGateway(6), "ab"],
    [new Response(null), ""],
  ] as [Response, string][]) {
    const clone = response.clone();
    assert.equal(await clone.text(), text);
    assert.equal(response.bodyUsed, false);
    assert.equal(await response.text(), text);
  }
});

test("a clone of text stays text, also when its stream was looked at", () => {
  const response = new Response("ab");
  assert.notEqual(response.body, null);
  assert.deepEqual(extractForCommand(response.clone()).inline, encode("ab"));
  assert.deepEqual(extractForCommand(response).inline, encode("ab"));
});

test("a command takes the body in the form that it has", () => {
  assert.deepEqual(extractForCommand(new Response(null)), {
    inline: null,
    stream: null,
    sink: null,
  });
  assert.deepEqual(extractForCommand(new Response("é")), {
    inline: encode("é"),
    stream: null,
    sink: null,
  });
  const response = fromGateway(7);
  assert.deepEqual(extractForCommand(response), { inline: null, stream: 7, sink: null });
  assert.equal(response.bodyUsed, true);
});

test("a gateway's body goes back untouched, whoever held its stream", () => {
  const stream = addStream(8, "x");
  const upstream = fromGateway(8);
  const again = new Response(upstream.body, { status: 201 });
  const { body } = new Response(again.body, again);
  assert.deepEqual(extractForCommand(new Response(body)), { inline: null, stream: 8, sink: null });
  assert.equal(stream.pulls, 0);
  assert.equal(upstream.bodyUsed, true);
  assert.throws(() => extractForCommand(again), TypeError);
});

test("a gateway's body that was read from goes through the isolate", async () => {
  addStream(9, "a", "b", "c");
  const upstream = fromGateway(9);
  const reader = upstream.body!.getReader();
  await reader.read();
  reader.releaseLock();
  assert.throws(() => new Response(upstream.body), TypeError);
  const [left] = fromGateway(9).body!.tee();
  const { sink } = extractForCommand(new Response(left));
  await tick();
  assert.equal(sinks.get(sink as number)?.text, "bc");
  assert.equal(sinks.get(sink as number)?.ended, true);
});

test("a stream is pumped as fast as its reader takes it", async () => {
  let pulled = 0;
  const source = new ReadableStream(
    {
      pull(controller) {
        controller.enqueue(encode(`${++pulled}`));
        if (pulled === 3) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const { sink } = extractForCommand(new Response(source));
  const state = sinks.get(sink as number)!;
  assert.equal(state.text, "");
  state.open = false;
  await tick();
  assert.equal(state.text, "1");
  assert.equal(pulled, 1);
  state.release();
  await tick();
  assert.equal(state.text, "123");
  assert.deepEqual([state.ended, state.error], [true, undefined]);
});

test("a stream that breaks ends its sink with the error, and is reported", async () => {
  const { sink } = extractForCommand(new Response(streamOf("no bytes")));
  await tick();
  const state = sinks.get(sink as number)!;
  assert.equal(state.error, "TypeError: This ReadableStream did not return bytes.");
  assert.match(String(exceptions.at(-1)), /did not return bytes/);
});

test("a reader that goes away cancels the stream", async () => {
  let reason: unknown;
  const source = new ReadableStream({
    cancel(why) {
      reason = why;
    },
  });
  const { sink } = extractForCommand(new Response(source));
  await tick();
  sinks.get(sink as number)?.cancel("client disconnected");
  await tick();
  assert.match(String(reason), /client disconnected/);
  assert.equal(sinks.get(sink as number)?.ended, true);
});

test("IdentityTransformStream carries bytes and text, and copies them", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const text = new Response(readable).text();
  const bytes = encode("ab");
  await writer.write(bytes);
  bytes[0] = 0;
  await writer.write("é");
  await writer.close();
  assert.equal(await text, "abé");
  assert.equal(String(new IdentityTransformStream()), "[object IdentityTransformStream]");
});

test("IdentityTransformStream refuses what has no bytes", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const text = new Response(readable).text();
  await assert.rejects(writable.getWriter().write(5), TypeError);
  await assert.rejects(text, TypeError);
});

test("IdentityTransformStream: each end tells the other that it gave up", async () => {
  const first = new IdentityTransformStream();
  const write = first.writable.getWriter().write("x");
  await first.readable.cancel(new Error("enough"));
  await assert.rejects(write, { message: "enough" });
  const second = new IdentityTransformStream();
  const writer = second.writable.getWriter();
  const pending = writer.write("x");
  await Promise.all([
    assert.rejects(pending, { message: "stop" }),
    writer.abort(new Error("stop")),
  ]);
  await assert.rejects(new Response(second.readable).text(), { message: "stop" });
});

test("FixedLengthStream checks its length, and a response tells it", async () => {
  const exact = new FixedLengthStream(3);
  const response = new Response(exact.readable);
  assert.deepEqual(Array.from(responseHead(response).headers), ["content-length", "3"]);
  const writer = exact.writable.getWriter();
  void writer.write("abc");
  void writer.close();
  assert.equal(await response.text(), "abc");

  const long = new FixedLengthStream(2n);
  const message = "Attempt to write too many bytes through a FixedLengthStream.";
  await assert.rejects(long.writable.getWriter().write("abc"), { message });
  await assert.rejects(new Response(long.readable).text(), { message });

  const short = new FixedLengthStream(2);
  await short.writable.close();
  await assert.rejects(new Response(short.readable).text(), {
    message: "FixedLengthStream did not see all expected bytes before close().",
  });
  assert.throws(() => new FixedLengthStream(-1), TypeError);
  assert.throws(() => new FixedLengthStream("x" as unknown as number), TypeError);
});

test("nothing was pulled that nobody asked for", () => {
  assert.equal(
    [...streams.values()].every(({ pulls }) => pulls < 5),
    true,
  );
});
