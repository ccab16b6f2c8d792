// HTML §2.7: structuredClone().
import { equal, serve, thrown } from "./harness.js";

export default serve({
  headers() {
    const headers = new Headers({ a: "b" });
    const [one, two] = structuredClone([headers, headers]);
    equal(one instanceof Headers && one !== headers && one === two, true);
    one.set("a", "c");
    equal(headers.get("a"), "b");
  },
  headersOfASubclass() {
    class Mine extends Headers {
      own = 1;
    }
    const copy = structuredClone(new Mine({ a: "b" }));
    equal(copy instanceof Mine, false);
    equal(copy.get("a"), "b");
    equal(copy.own, undefined);
  },
  immutableHeaders(request) {
    const copy = structuredClone(request.headers);
    copy.set("a", "b");
    equal(copy.get("a"), "b");
  },
  async blobs() {
    const { nested } = structuredClone({ nested: new Blob(["bytes"], { type: "a/b" }) });
    equal(`${await nested.text()} ${nested.type}`, "bytes a/b");
  },
  exceptions() {
    const [copy] = structuredClone([new DOMException("why", "AbortError")]);
    equal(copy instanceof DOMException, true);
    equal(`${copy.name} ${copy.message} ${copy.code}`, "AbortError why 20");
  },
  withoutBody() {
    equal(structuredClone(new Response(null, { status: 204 })).status, 204);
    equal(structuredClone(new Request("http://a/b")).url, "http://a/b");
  },
  wherever() {
    class Holder {
      field = new Headers({ a: "b" });
    }
    const key = new Headers({ c: "d" });
    const value = {
      list: [, new Holder()],
      map: new Map([[key, new Set([key])]]),
      get computed() {
        return new Headers({ e: "f" });
      },
    };
    value.self = value;
    const copy = structuredClone(value);
    equal(copy.self === copy, true);
    equal(0 in copy.list, false);
    equal(copy.list[1].constructor, Object);
    equal(copy.list[1].field.get("a"), "b");
    const [[key2, set]] = copy.map;
    equal(set.has(key2) && key2 !== key, true);
    equal(copy.computed.get("e"), "f");
  },
  leavesBesideThem() {
    const buffer = new ArrayBuffer(8);
    const copy = structuredClone({
      headers: new Headers(),
      bytes: new Uint8Array(buffer, 2, 3),
      words: new Uint16Array(buffer),
      error: new RangeError("far", { cause: 1 }),
      date: new Date(5),
      text: new String("x"),
      expression: /a/g,
    });
    equal(copy.bytes.buffer === copy.words.buffer && copy.words.buffer !== buffer, true);
    equal(copy.bytes.byteOffset + copy.bytes.length, 5);
    equal(`${copy.error} ${copy.error.cause}`, "RangeError: far 1");
    equal(`${copy.date.getTime()} ${copy.text} ${copy.expression}`, "5 x /a/g");
  },
  gettersRunOnce() {
    let calls = 0;
    const get = () => ++calls;
    structuredClone(Object.defineProperty({}, "x", { get, enumerable: true }));
    structuredClone([new Headers(), Object.defineProperty({}, "x", { get, enumerable: true })]);
    equal(calls, 2);
  },
  aPropertyCalledProto() {
    const value = JSON.parse('{"__proto__": {"a": 1}}');
    value.headers = new Headers();
    equal(Object.keys(structuredClone(value)).join(), "__proto__,headers");
  },
  whatCanNotBeCloned() {
    for (const [value, message] of [
      [new URL("http://a"), 'of type "URL"'],
      [new (class extends EventTarget {})(), 'of type "EventTarget"'],
      [{ deep: [new CustomEvent("x")] }, 'of type "CustomEvent"'],
      [new File([], "x"), 'of type "File"'],
      [new FormData(), 'of type "FormData"'],
      [new TransformStream(), 'of type "TransformStream"'],
      [new ReadableStream(), "ReadableStream can only be serialized for RPC"],
      [new WritableStream(), "WritableStream can only be serialized for RPC"],
      [new Response("x"), "ReadableStream can only be serialized for RPC"],
      [[new Headers(), Promise.resolve()], "#<Promise> could not be cloned"],
      [[new Headers(), new Proxy({}, {})], "#<Object> could not be cloned"],
      [[new Headers(), () => 1], "() => 1 could not be cloned"],
      [[new Headers(), Symbol("x")], "Symbol(x) could not be cloned"],
    ]) {
      const error = thrown(() => structuredClone(value));
      equal(error.name, "DataCloneError");
      equal(error.message.includes(message) || error.message, true);
    }
  },
  theSourceOfThePlatformIsNotShown() {
    for (const value of [fetch, Headers, [new Headers(), fetch], { a: class A {} }]) {
      const of = value === Headers ? "function Headers() { [native code] }" : "function fetch() { [native code] }";
      const expected = value.a ? "class A {}" : of;
      equal(thrown(() => structuredClone(value)).message, `${expected} could not be cloned.`);
    }
  },
  whatAGetterThrows() {
    const mine = new Error("mine");
    const value = {
      get x() {
        throw mine;
      },
    };
    equal(thrown(() => structuredClone(value)), mine);
  },
  transfer() {
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const copy = structuredClone({ headers: new Headers(), buffer }, { transfer: [buffer] });
    equal(new Uint8Array(copy.buffer).join(), "1,2,3");
    equal(buffer.detached, true);
  },
  transferOfWhatIsNotCloned() {
    const buffer = new ArrayBuffer(3);
    structuredClone(1, { transfer: [buffer] });
    equal(buffer.detached, true);
  },
  transferOfAViewsBuffer() {
    const bytes = new Uint8Array([1, 2]);
    const copy = structuredClone(bytes, { transfer: [bytes.buffer] });
    equal(`${copy} ${bytes.length}`, "1,2 0");
  },
  transferOfAGrowableBuffer() {
    const buffer = new ArrayBuffer(4, { maxByteLength: 8 });
    const copy = structuredClone(buffer, { transfer: [buffer] });
    equal(`${copy.byteLength} ${copy.maxByteLength} ${buffer.detached}`, "4 8 true");
  },
  transferThatFailsDetachesNothing() {
    const buffer = new ArrayBuffer(3);
    thrown(() => structuredClone(() => {}, { transfer: [buffer] }));
    equal(buffer.detached, false);
    thrown(() => structuredClone(1, { transfer: [buffer, buffer] }));
    equal(buffer.detached, false);
  },
  whatCanNotBeTransferred() {
    const detached = new ArrayBuffer(1);
    detached.transfer();
    for (const transfer of [[1], [{}], [new Uint8Array(1)], [new ReadableStream()], [detached]]) {
      equal(thrown(() => structuredClone(1, { transfer })).name, "DataCloneError");
    }
  },
});
