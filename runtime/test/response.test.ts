import assert from "node:assert/strict";
import { test } from "node:test";
import { isResponse, Response, responseFromEvent, responseHead } from "../src/web/response.js";
import { ReadableStream } from "../src/web/streams.js";

test("what a response is by default", () => {
  const response = new Response("x");
  assert.equal(response.status, 200);
  assert.equal(response.statusText, "");
  assert.equal(response.ok, true);
  assert.equal(response.type, "default");
  assert.equal(response.url, "");
  assert.equal(response.redirected, false);
  assert.equal(response.webSocket, null);
  assert.equal(response.cf, undefined);
  assert.equal(Object.prototype.toString.call(response), "[object Response]");
  assert.equal(JSON.stringify(response), "{}");
  assert.deepEqual(responseHead(response), {
    status: 200,
    statusText: "",
    headers: ["content-type", "text/plain;charset=UTF-8"],
    encoded: false,
    webSocket: null,
  });
});

test("status and statusText are checked", () => {
  for (const status of [0, 101, 199, 600, NaN, "x", null]) {
    assert.throws(() => new Response(null, { status }), {
      name: "RangeError",
      message:
        "Responses may only be constructed with status codes in the range 200 to 599, inclusive.",
    });
  }
  assert.equal(new Response(null, { status: "201" }).status, 201);
  assert.equal(new Response(null, { statusText: "Très bien" }).statusText, "Très bien");
  for (const statusText of ["a\r\nb", "\0", "\u0100"]) {
    assert.throws(() => new Response(null, { statusText }), { message: "Invalid statusText" });
  }
  assert.throws(() => new Response(null, 1), TypeError);
  assert.equal(new Response(null, null).status, 200);
});

test("null body statuses have no body", () => {
  for (const status of [204, 205, 304]) {
    for (const body of ["x", new ReadableStream()]) {
      assert.throws(() => new Response(body, { status }), TypeError);
    }
    assert.equal(new Response("", { status }).body, null);
    assert.equal(new Response(null, { status }).status, status);
  }
});

test("a response can be made from another", () => {
  const upstream = new Response("a", {
    status: 201,
    statusText: "Made",
    headers: { a: "1" },
    cf: { x: 1 },
  });
  const response = new Response("b", upstream);
  response.headers.set("a", "2");
  assert.equal(response.status, 201);
  assert.equal(response.statusText, "Made");
  assert.deepEqual(response.cf, { x: 1 });
  assert.equal(response.headers.get("a"), "2");
  assert.equal(upstream.headers.get("a"), "1");
  assert.throws(() => new Response(null, Response.error()), RangeError);
});

test("encodeBody tells that the bytes are encoded already", () => {
  const response = new Response("x", { encodeBody: "manual" });
  assert.equal(responseHead(response).encoded, true);
  assert.equal(responseHead(response.clone()).encoded, true);
  assert.equal(responseHead(new Response("y", response)).encoded, true);
  assert.equal(responseHead(new Response("x", { encodeBody: "automatic" })).encoded, false);
  assert.throws(() => new Response("x", { encodeBody: "b" }), {
    message: "encodeBody: unexpected value: b",
  });
});

test("Response.json", async () => {
  const response = Response.json({ a: [1] }, { status: 201, headers: { b: "c" } });
  assert.equal(response.status, 201);
  assert.deepEqual(
    [...response.headers],
    [
      ["b", "c"],
      ["content-type", "application/json"],
    ],
  );
  assert.equal(await response.text(), '{"a":[1]}');
  const own = Response.json(1, { headers: { "content-type": "x/y" } });
  assert.equal(own.headers.get("content-type"), "x/y");
  assert.throws(() => Response.json(undefined), TypeError);
  assert.throws(() => Response.json(1n), TypeError);
  assert.throws(() => Response.json(1, { status: 204 }), TypeError);
});

test("Response.redirect", () => {
  const response = Response.redirect("http://a/é");
  assert.equal(response.status, 302);
  assert.equal(response.headers.get("location"), "http://a/%C3%A9");
  assert.throws(() => response.headers.set("a", "b"), TypeError);
  assert.equal(Response.redirect("http://a/", 308).status, 308);
  assert.throws(() => Response.redirect("/x"), { message: "Unable to parse URL: /x" });
  assert.throws(() => Response.redirect("http://a/", 200), RangeError);
});

test("Response.error", () => {
  const response = Response.error();
  assert.deepEqual([response.type, response.status, response.ok], ["error", 0, false]);
});

test("a subrequest's response", async () => {
  const response = responseFromEvent(
    ["response", 1, 206, "Partial", ["a", "1"], "http://a/b", true, 2, null, null],
    new TextEncoder().encode("hi"),
  );
  assert.equal(response.status, 206);
  assert.equal(response.statusText, "Partial");
  assert.equal(response.url, "http://a/b");
  assert.equal(response.redirected, true);
  assert.throws(() => response.headers.delete("a"), TypeError);
  const clone = response.clone();
  assert.equal(clone.url, "http://a/b");
  assert.throws(() => clone.headers.delete("a"), TypeError);
  new Response(null, response).headers.delete("a");
  assert.equal(await response.text(), "hi");
  assert.equal(await clone.text(), "hi");
});

test("the head of a response does not change after it was taken", () => {
  const response = new Response("x");
  const { headers } = responseHead(response);
  response.headers.set("a", "b");
  assert.equal(headers.length, 2);
  assert.equal(new Response("y").headers.get("a"), null);
});

test("responses are told by what they are", () => {
  class Special extends Response {}
  assert.equal(isResponse(new Special("x")), true);
  assert.equal(isResponse(Object.create(Response.prototype)), false);
  assert.equal(isResponse(null), false);
  const Base = Object.getPrototypeOf(Response);
  assert.throws(() => new Base(), TypeError);
});
