// What others call by RPC.
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

let disposals = [];

class Counter extends RpcTarget {
  #count;
  own = "an own property";

  constructor(count = 0) {
    super();
    this.#count = count;
  }

  increment(by = 1) {
    this.#count += by;
    return this.#count;
  }

  get value() {
    return this.#count;
  }

  #hidden() {
    return "hidden";
  }

  [Symbol.dispose]() {
    disposals.push(this.#count);
  }
}

class NotForRpc {
  foo() {
    return 1;
  }
}

export class Service extends WorkerEntrypoint {
  constructor(ctx, env) {
    super(ctx, env);
    this.instanceMethod = () => "nope";
    this.instanceObject = { func: () => "nope" };
  }

  async fetch(request) {
    return new Response(`${request.method} ${request.url}`);
  }

  noArgs(x) {
    return x === undefined ? this.env.twelve + 1 : "not undefined";
  }

  async add(a, b) {
    return a + b + this.env.twelve;
  }

  echo(...values) {
    return values;
  }

  one(value) {
    return value;
  }

  async fetchWith(service, input) {
    const response = await service.fetch(input);
    return [response.status, await response.text()];
  }

  async callWith(service, method, ...values) {
    return await service[method](...values);
  }

  async propertyOf(service) {
    return [await service.property.text, await service.property.func(3, 3)];
  }

  counter(count) {
    return new Counter(count);
  }

  withCounter(count) {
    return { foo: 123, counter: new Counter(count), deep: { counter: new Counter(1) } };
  }

  async increment(counter, by) {
    return await counter.increment(by);
  }

  disposals() {
    const all = disposals;
    disposals = [];
    return all;
  }

  get property() {
    return { foo: 123, func: (a, b) => a * b, text: "hello" };
  }

  get others() {
    return { nested: new NotForRpc(), bare: Object.assign(Object.create(null), { a: 1 }) };
  }

  get functionProperty() {
    return (a, b) => a - b;
  }

  get promiseProperty() {
    return scheduler.wait(5).then(() => 123);
  }

  get throwing() {
    throw new Error("PROPERTY THREW");
  }

  throws(kind) {
    switch (kind) {
      case "RangeError":
        throw new RangeError("out of range");
      case "custom":
        throw Object.assign(new Error("of my own"), { name: "MyError", secret: 1 });
      case "dom":
        throw new DOMException("gone", "NotFoundError");
      case "text":
        throw "just text";
      case "function":
        throw () => {};
    }
  }

  func() {
    const func = (a, b) => a ^ b;
    func.property = 123;
    return func;
  }

  notForRpc() {
    return { object: new NotForRpc() };
  }

  nullPrototype() {
    return Object.assign(Object.create(null), { a: 1 });
  }

  async keepDup(counter) {
    const dup = counter.dup();
    return {
      count: await counter.increment(5),
      counter,
      original: (by) => counter.increment(by),
      dup: (by) => dup.increment(by),
      [Symbol.dispose]() {
        disposals.push("result");
        dup[Symbol.dispose]();
      },
    };
  }

  async callsBack(callback, times) {
    const answers = [];
    for (let i = 0; i < times; i++) answers.push(await callback(i));
    return answers;
  }

  async readAll(stream) {
    return await new Response(stream).text();
  }

  async write(stream) {
    const writer = stream.getWriter();
    for (const text of ["foo, ", "bar, ", "baz!"]) await writer.write(new TextEncoder().encode(text));
    await writer.close();
  }

  stream() {
    const { readable, writable } = new IdentityTransformStream();
    this.ctx.waitUntil(this.write(writable));
    return readable;
  }

  async answer(request) {
    return new Response(`${request.method} ${request.headers.get("x-a")} ${await request.text()}`, {
      status: 418,
      statusText: "Teapot",
      headers: [["set-cookie", "a"], ["set-cookie", "b"]],
    });
  }

  size(bytes) {
    return bytes.byteLength;
  }

  bytes(size) {
    return new Uint8Array(size);
  }

  self() {
    return this.env.SELF.greet("me");
  }

  spin(milliseconds) {
    const end = performance.now() + milliseconds;
    for (let i = 0; ; i++) if (i % 1e6 === 0 && performance.now() > end) return i;
  }

  forever() {
    for (;;);
  }

  never() {
    return new Promise(() => {});
  }

  abort() {
    this.ctx.abort(new RangeError("why"));
  }

  leak(stub) {
    stub.dup();
    return { noop() {} };
  }

  async later() {
    this.ctx.waitUntil(scheduler.wait(20).then(() => console.log("later")));
    return "now";
  }

  pipelinesInside() {
    // A promise that is returned is awaited first.
    return this.env.SELF.greet("inner");
  }

  nestedPromise() {
    return { value: this.env.SELF.greet("inner") };
  }

  async deep(binding, depth) {
    return depth === 0 ? "bottom" : await this.ctx.exports.Service.deep(binding, depth - 1);
  }
}

export const object = {
  one(argument, env, ctx) {
    return [argument, env.twelve, typeof ctx.waitUntil];
  },
  two(a, b, env, ctx) {
    return [a, b, env, ctx];
  },
};

export default class extends WorkerEntrypoint {
  greet(name) {
    return `hello ${name}`;
  }
}
