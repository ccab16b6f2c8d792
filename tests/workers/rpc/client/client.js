// Calls what the server exports; each path is a scene that answers with JSON.
import { RpcPromise, RpcProperty, RpcStub, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

const caught = async (action) => {
  try {
    return { value: await action() };
  } catch (error) {
    return { name: error.name, message: error.message, remote: error.remote };
  }
};

class Target extends RpcTarget {
  disposed = 0;
  count = 0;
  increment(by = 1) {
    this.count += by;
    return this.count;
  }
  [Symbol.dispose]() {
    this.disposed++;
  }
}

const scenes = {
  async methods({ S }) {
    return [await S.noArgs(), await S.add(100, 20), await S.echo(), await S.echo(1, null, undefined)];
  },

  async fetches({ S }) {
    return await (await S.fetch("http://foo/", { method: "POST" })).text();
  },

  async properties({ S }) {
    const property = await S.property;
    return [
      await S.functionProperty(19, 6),
      await S.property.func(6, 4),
      await S.property.text,
      property.foo,
      await property.func(3, 3),
      await S.promiseProperty,
      await S.promiseProperty.finally(() => {}),
    ];
  },

  async objects({ OBJECT }) {
    return [
      await OBJECT.one("a"),
      await caught(() => OBJECT.two("a", "b")),
      await caught(() => OBJECT.one()),
      await caught(() => OBJECT.one(1, 2)),
    ];
  },

  async values({ S }) {
    const cycle = { name: "cycle" };
    cycle.self = cycle;
    const shared = [1];
    const values = {
      date: new Date(5),
      map: new Map([["a", new Set([1, 2n])]]),
      bytes: new Uint8Array([1, 2, 3]).subarray(1),
      regexp: /a/g,
      error: new RangeError("r"),
      sparse: [1, , 3],
      shared: [shared, shared],
      cycle,
      undefined,
      nan: NaN,
      boxed: new String("s"),
      proto: JSON.parse('{"__proto__": 1}'),
    };
    const back = await S.one(values);
    return {
      date: back.date.getTime(),
      map: [...back.map.get("a")].map(String),
      bytes: [...back.bytes],
      regexp: String(back.regexp),
      error: [back.error instanceof RangeError, back.error.message],
      sparse: [1 in back.sparse, back.sparse.length],
      shared: back.shared[0] === back.shared[1],
      cycle: back.cycle.self === back.cycle,
      undefined: "undefined" in back,
      nan: Number.isNaN(back.nan),
      boxed: back.boxed instanceof String,
      proto: Object.hasOwn(back.proto, "__proto__"),
    };
  },

  async notCloneable({ S }) {
    return [
      await caught(() => S.notForRpc()),
      await caught(() => S.nullPrototype()),
      await caught(() => S.one(Symbol("s"))),
      await caught(() => S.one({ a: new WeakMap() })),
      await caught(() => S.one({ a: S.noArgs() })),
      await caught(() => S.one({ a: S.noArgs })),
      await caught(() => S.one(new File(["x"], "f"))),
      await caught(() => S.one(Object.create(Blob.prototype))),
      await caught(() => S.one(new AbortController().signal)),
    ];
  },

  async blobs({ S }) {
    const blob = new Blob(["ab", "cd"], { type: "text/plain" });
    const [{ twice: [first, second], empty }] = await S.echo({ twice: [blob, blob], empty: new Blob() });
    return [first instanceof Blob, first === second, first.type, await first.text(), empty.size];
  },

  async services({ S, OBJECT }, ctx) {
    const { Named } = ctx.exports;
    return {
      fetch: await S.fetchWith(S, "http://bar/"),
      request: await S.fetchWith(S, new Request("http://bar/", { method: "PUT" })),
      method: await S.callWith(S, "add", 100, 20),
      property: await S.propertyOf(S),
      object: await S.callWith(OBJECT, "one", "a"),
      own: await S.callWith(Named({ props: { a: 1 } }), "props"),
      exported: await S.callWith(Named, "props"),
      fails: await caught(() => S.callWith(S, "throws", "RangeError")),
      missing: await caught(() => S.callWith(S, "missing")),
      reserved: await caught(() => S.callWith(S, "alarm")),
      given: await caught(async () => (await S.one(S)).noArgs()),
    };
  },

  async reserved({ S }) {
    const own = await S.counter(1);
    return {
      // Names that a binding has itself are not asked for.
      binding: await Promise.all(["dup", "missing", "env", "ctx", "instanceMethod", "#hidden"].map(
        (name) => caught(() => S[name]()))),
      object: await caught(() => S.instanceObject.func()),
      alarm: await caught(() => S.alarm()),
      counter: await Promise.all(["own", "missing"].map((name) => caught(() => own[name]()))),
      property: await caught(() => S.property()),
      nested: await caught(() => S.others.nested.foo()),
      bare: await caught(() => S.others.bare.a),
    };
  },

  async counters({ S }) {
    const counter = await S.counter(17);
    const all = await Promise.all([counter.increment(2), counter.increment(-10), counter.increment(1)]);
    return [all, await counter.value, counter instanceof RpcStub, typeof counter];
  },

  async pipelining({ S }) {
    const object = S.withCounter(5);
    const values = [
      await S.counter(12).increment(3),
      await object.foo,
      await object.counter.increment(7),
      await S.withCounter(5).deep.counter.increment(1),
      await S.func()(3, 6),
      await S.func().property,
      await caught(() => S.noArgs().foo),
      await caught(() => S.throws("RangeError").foo.bar()),
    ];
    const late = S.counter(1);
    await scheduler.wait(20);
    values.push(await late.increment());
    const resolved = await S.withCounter(1);
    values.push(await resolved.counter.increment());
    return [...values, object instanceof RpcPromise, object.foo instanceof RpcProperty];
  },

  async errors({ S }) {
    const all = [];
    for (const kind of ["RangeError", "custom", "dom", "text", "function"]) {
      try {
        await S.throws(kind);
      } catch (error) {
        all.push(
          typeof error === "object"
            ? [error.name, error.message, error.constructor.name, error.remote, error.secret ?? null,
               error.stack.includes("server.js")]
            : error ?? null,
        );
      }
    }
    all.push(await caught(() => S.throwing));
    return all;
  },

  async callbacks({ S }, ctx, request) {
    let seen = 0;
    const answers = await S.callsBack((i) => {
      seen++;
      return `${i} ${new URL(request.url).pathname}`;
    }, 3);
    const target = new Target();
    const incremented = await S.increment(target, 5);
    return [answers, seen, incremented, target.count];
  },

  async disposal({ S }) {
    await S.disposals();
    const counter = await S.counter(7);
    const dup = counter.dup();
    counter[Symbol.dispose]();
    const gone = await caught(() => counter.increment());
    const still = await dup.increment();
    dup[Symbol.dispose]();
    const object = await S.withCounter(20);
    object[Symbol.dispose]();
    const goneToo = await caught(() => object.counter.increment());
    const promise = S.counter(30);
    promise[Symbol.dispose]();
    await promise.then(() => {}, () => {});
    await scheduler.wait(20);
    const plain = await S.echo(1);
    return [gone, still, goneToo, await S.disposals(), typeof plain[Symbol.dispose],
      Object.keys(plain).length];
  },

  async givenStubs({ S }) {
    const target = new Target();
    const result = await S.keepDup(target);
    const original = await caught(() => result.original(1));
    const values = [result.count, original, await result.dup(7), await result.counter.increment(4)];
    const before = target.disposed;
    result[Symbol.dispose]();
    values.push(await caught(() => result.dup(1)), await caught(() => result.counter.increment(1)));
    await scheduler.wait(20);
    return [...values, before, target.disposed, await S.disposals()];
  },

  async localStubs() {
    const target = new Target();
    const stub = new RpcStub(target);
    const values = [await stub.increment(5), await caught(() => stub.count), await caught(() => new RpcStub(1))];
    stub[Symbol.dispose]();
    values.push(await caught(() => stub.increment(1)));
    await scheduler.wait(1);
    const plain = new RpcStub({ list: [1], add: (a, b) => a + b });
    return [...values, target.disposed, await plain.list, await plain.add(1, 2)];
  },

  async sentTwice({ S }) {
    const target = new Target();
    const stub = new RpcStub(target);
    const values = [await S.increment(stub, 1), await S.increment(stub, 2), await stub.increment(3)];
    stub[Symbol.dispose]();
    await scheduler.wait(20);
    return [...values, target.disposed];
  },

  async streams({ S }) {
    const { readable, writable } = new IdentityTransformStream();
    const written = S.write(writable);
    const first = await new Response(readable).text();
    await written;
    const other = new IdentityTransformStream();
    const read = S.readAll(other.readable);
    const writer = other.writable.getWriter();
    await writer.write(new TextEncoder().encode("one, "));
    await writer.write(new TextEncoder().encode("two"));
    await writer.close();
    const own = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("own"));
        controller.close();
      },
    });
    const pair = new IdentityTransformStream();
    const back = await S.one(pair.readable);
    const backWritable = await S.one(pair.writable);
    const text = new Response(back).text();
    const w = backWritable.getWriter();
    await w.write(new TextEncoder().encode("round"));
    await w.close();
    const locked = new ReadableStream();
    locked.getReader();
    return [first, await read, await S.readAll(own), await new Response(await S.stream()).text(),
      await text, await caught(() => S.readAll(locked)),
      await S.readAll(new Response("known").body)];
  },

  async http({ S }) {
    const response = await S.answer(
      new Request("http://x/y", { method: "PUT", body: "body", headers: { "x-a": "1" } }),
    );
    const headers = await S.one(new Headers({ foo: "bar" }));
    return [response instanceof Response, response.status, response.statusText,
      response.headers.getSetCookie(), await response.text(), headers instanceof Headers,
      headers.get("foo"), await (await S.one(new Response("x".repeat(300_000)))).text().then((t) => t.length),
      (await S.one(new Response(null, { status: 204 }))).body];
  },

  async sizes({ S }) {
    return [await S.size(new Uint8Array(1 << 20)), (await S.bytes(1 << 20)).length,
      await caught(() => S.size(new Uint8Array(33 << 20))), await caught(() => S.bytes(33 << 20))];
  },

  async exceeds({ S }) {
    return await caught(() => S.forever());
  },

  async never({ S }) {
    return await caught(() => S.never());
  },

  async aborts({ S }) {
    return await caught(() => S.abort());
  },

  async leaks({ S }) {
    const target = new Target();
    const result = await S.leak(target);
    await result.noop();
    return target.disposed;
  },

  async later({ S }) {
    return await S.later();
  },

  async inner({ S }) {
    return [await S.pipelinesInside(), await caught(() => S.nestedPromise())];
  },

  async many({ S }, ctx, request) {
    const count = Number(new URL(request.url).searchParams.get("n"));
    const all = await Promise.allSettled(Array.from({ length: count }, () => S.noArgs()));
    const counter = await caught(() => S.counter(0));
    return [all.filter((each) => each.status === "fulfilled").length,
      all.find((each) => each.status === "rejected")?.reason.message ?? null, counter.message ?? null];
  },

  async stubCalls({ S }) {
    const counter = await S.counter(0);
    for (let i = 0; i < 99; i++) await counter.increment();
    return await counter.increment();
  },

  async deep({ S }, ctx, request) {
    return await caught(() => S.deep(1, Number(new URL(request.url).searchParams.get("n"))));
  },

  async cyclic({ S }) {
    // Each waits for the other.
    let release;
    const wait = new Promise((resolve) => {
      release = resolve;
    });
    const result = await caught(() => S.callsBack(() => wait, 1));
    release();
    return result;
  },

  async exports(env, ctx) {
    const { Named, Silent, default: main } = ctx.exports;
    return {
      keys: Object.keys(ctx.exports).sort(),
      named: await Named.props(),
      given: await Named({ props: { role: "root" } }).props(),
      fetched: await (await Named({ props: { a: 1 } }).fetch("http://x/")).text(),
      silent: await caught(() => Silent.missing()),
      main: await main.second("one"),
      kinds: [Named instanceof Fetcher, typeof Named],
    };
  },

  async shared({ S }) {
    globalThis.shared ??= await S.counter(0);
    return await caught(() => globalThis.shared.increment());
  },

  async keepsOpen({ S }) {
    await S.counter(99);
    return "left open";
  },

  async disposals({ S }) {
    return await S.disposals();
  },
};

export class Named extends WorkerEntrypoint {
  props() {
    return this.ctx.props;
  }
  fetch() {
    return Response.json(this.ctx.props);
  }
}

export class Silent extends WorkerEntrypoint {}

export default {
  second(argument, env, ctx) {
    return [argument, Object.keys(env), ctx.props];
  },

  async fetch(request, env, ctx) {
    const scene = scenes[new URL(request.url).pathname.slice(1)];
    const result = await scene(env, ctx, request);
    return Response.json(result === undefined ? null : result);
  },
};
