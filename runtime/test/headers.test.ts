import assert from "node:assert/strict";
import { test } from "node:test";
import { flatFromHeaders, Headers, headersFromFlat } from "../src/web/headers.js";

test("names are case-insensitive and validated", () => {
  const headers = new Headers({ "Content-Type": "text/html" });
  assert.equal(headers.get("CONTENT-type"), "text/html");
  assert.equal(headers.has("content-type"), true);
  assert.equal(headers.get("accept"), null);
  for (const name of ["", "a b", "a:", "é", "a\n"]) {
    assert.throws(() => headers.get(name), { name: "TypeError", message: "Invalid header name." });
  }
});

test("values are normalised and validated", () => {
  const headers = new Headers();
  headers.set("a", " \t\r\n x y \n");
  assert.equal(headers.get("a"), "x y");
  headers.set("a", 5 as unknown as string);
  assert.equal(headers.get("a"), "5");
  for (const value of ["a\nb", "a\rb", "a\0b"]) {
    assert.throws(() => headers.set("a", value), { message: "Invalid header value." });
  }
  assert.throws(() => headers.set("a", "\u0100"), TypeError);
  headers.set("a", "é");
  assert.equal(headers.get("a"), "é");
});

test("values of one name are combined, those of Set-Cookie are not", () => {
  const headers = new Headers([
    ["b", "1"],
    ["Set-Cookie", "x=1"],
    ["A", "2"],
    ["set-cookie", "y=2"],
    ["B", "3"],
  ]);
  assert.deepEqual(
    [...headers],
    [
      ["a", "2"],
      ["b", "1, 3"],
      ["set-cookie", "x=1"],
      ["set-cookie", "y=2"],
    ],
  );
  assert.deepEqual(headers.getSetCookie(), ["x=1", "y=2"]);
  assert.deepEqual(headers.getAll("Set-Cookie"), ["x=1", "y=2"]);
  assert.equal(headers.get("set-cookie"), "x=1, y=2");
  assert.throws(() => headers.getAll("b"), TypeError);
});

test("set replaces all, append adds, delete takes all", () => {
  const headers = new Headers();
  headers.append("a", "1");
  headers.append("b", "2");
  headers.append("A", "3");
  headers.append("a", "4");
  headers.set("a", "5");
  assert.deepEqual(Array.from(flatFromHeaders(headers)), ["a", "5", "b", "2"]);
  headers.append("a", "6");
  headers.delete("A");
  headers.delete("nothing");
  assert.deepEqual(Array.from(flatFromHeaders(headers)), ["b", "2"]);
});

test("iterators are live", () => {
  const headers = new Headers({ b: "1", c: "2" });
  const seen: string[] = [];
  for (const [name] of headers) {
    seen.push(name);
    if (name === "b") headers.append("d", "3");
  }
  assert.deepEqual(seen, ["b", "c", "d"]);
  assert.equal(String(headers.keys()), "[object Headers Iterator]");
  assert.deepEqual([...headers.values()], ["1", "2", "3"]);
  const pairs: string[] = [];
  headers.forEach((value, name, parent) => {
    assert.equal(parent, headers);
    pairs.push(`${name}=${value}`);
  });
  assert.deepEqual(pairs, ["b=1", "c=2", "d=3"]);
});

test("what a Headers object can be made from", () => {
  assert.deepEqual([...new Headers(new Headers({ a: "1" }))], [["a", "1"]]);
  assert.deepEqual([...new Headers(new Map([["a", "1"]]))], [["a", "1"]]);
  assert.deepEqual([...new Headers(undefined)], []);
  for (const init of [null, 1, "x"]) assert.throws(() => new Headers(init), TypeError);
  assert.throws(() => new Headers([["a"]]), TypeError);
  assert.throws(() => new Headers(["ab"]), TypeError);
  assert.throws(() => new Headers({ [Symbol("a")]: "b" }), TypeError);
});

test("immutable headers can be read and copied, not changed", () => {
  const headers = headersFromFlat(["a", "1"], true);
  const message = "Can't modify immutable headers.";
  assert.throws(() => headers.set("a", "2"), { message });
  assert.throws(() => headers.append("a", "2"), { message });
  assert.throws(() => headers.delete("a"), { message });
  const copy = new Headers(headers);
  copy.set("a", "2");
  assert.equal(headers.get("a"), "1");
  assert.equal(copy.get("a"), "2");
});

test("a shared list is copied before it is changed", () => {
  const list = ["a", "1"];
  const headers = headersFromFlat(list, false);
  assert.equal(flatFromHeaders(headers), list);
  headers.append("b", "2");
  assert.deepEqual(list, ["a", "1"]);
  const sent = flatFromHeaders(headers);
  headers.set("a", "3");
  assert.deepEqual(Array.from(sent), ["a", "1", "b", "2"]);
});

test("it looks like an interface", () => {
  const headers = new Headers();
  assert.equal(Object.prototype.toString.call(headers), "[object Headers]");
  assert.deepEqual(Object.keys(headers), []);
  assert.equal(Headers.prototype[Symbol.iterator], Headers.prototype.entries);
  assert.throws(() => Headers.prototype.get.call({}, "a"), TypeError);
  assert.throws(() => Headers.prototype.keys.call({}), TypeError);
  assert.throws(() => (headers.get as unknown as () => void).call(headers), TypeError);
});
