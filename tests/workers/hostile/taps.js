// Puts a tap on all that can be patched, then uses the platform: when the caller of a tap is the
// runtime layer, the layer has reached for something that a Worker could have replaced.

const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } =
  Reflect;
const { Error, Map, Object } = globalThis;
const { entries } = Object;
const NativePromise = Promise;
const split = uncurry(String.prototype.split);
const includes = uncurry(String.prototype.includes);
const match = uncurry(String.prototype.match);
const getSeen = uncurry(Map.prototype.get);
const setSeen = uncurry(Map.prototype.set);

function uncurry(method) {
  return (self, ...args) => apply(method, self, args);
}

const seen = new Map();
let quiet = true;

/** Notes who called a tap. */
function note(name) {
  if (quiet) return;
  quiet = true;
  const lines = split(new Error().stack, "\n");
  const caller = lines[3] ?? "";
  if (includes(caller, "edgewright:")) {
    const by = match(caller, /at (?:async )?(?:new )?([^ ]+)/)?.[1] ?? caller;
    const key = `${name} by ${by}`;
    setSeen(seen, key, (getSeen(seen, key) ?? 0) + 1);
  }
  quiet = false;
}

function tapped(name, target) {
  return {
    method(...args) {
      note(name);
      return new.target === undefined ? apply(target, this, args) : construct(target, args);
    },
  }.method;
}

function tapMembers(label, object, skip = []) {
  for (const key of ownKeys(object)) {
    const descriptor = getOwnPropertyDescriptor(object, key);
    if (!descriptor.configurable || skip.includes(key)) continue;
    const name = `${label}.${String(key)}`;
    for (const part of ["get", "set"]) {
      if (descriptor[part]) descriptor[part] = tapped(`${part} ${name}`, descriptor[part]);
    }
    if (typeof descriptor.value === "function" && key !== "constructor") {
      descriptor.value = tapped(name, descriptor.value);
    }
    defineProperty(object, key, descriptor);
  }
}

const iterators = {
  "%ArrayIterator%": getPrototypeOf([][Symbol.iterator]()),
  "%MapIterator%": getPrototypeOf(new Map().keys()),
  "%SetIterator%": getPrototypeOf(new Set().keys()),
  "%StringIterator%": getPrototypeOf(""[Symbol.iterator]()),
  "%TypedArray%": getPrototypeOf(Uint8Array),
  "%TypedArray%.prototype": getPrototypeOf(Uint8Array.prototype),
  "%Generator%": getPrototypeOf((function* () {})()),
  "%GeneratorPrototype%": getPrototypeOf(getPrototypeOf((function* () {})())),
};

function tapEverything() {
  const builtIns = [
    "Object Function Array String Number Boolean Symbol Map Set WeakMap WeakSet WeakRef Promise",
    "RegExp Error TypeError RangeError ArrayBuffer DataView Uint8Array Date BigInt",
    "FinalizationRegistry Reflect JSON Math Atomics",
  ];
  const names = builtIns.join(" ").split(" ");
  const platform = ownKeys(globalThis).filter((name) => /^[A-Z]/.test(name));
  for (const [label, object] of entries(iterators)) tapMembers(label, object);
  for (const name of new Set([...names, ...platform])) {
    const value = globalThis[name];
    if (typeof value !== "function" && typeof value !== "object") continue;
    tapMembers(name, value, ["prototype", "stackTraceLimit", "captureStackTrace"]);
    if (typeof value === "function" && value.prototype) {
      tapMembers(`${name}.prototype`, value.prototype);
    }
  }
  // What is looked up on anything.
  for (const key of ["then", "toJSON", "get", "set", "value", "writable", "0", "1", "done", "signal"]) {
    const name = `Object.prototype.${key}`;
    defineProperty(Object.prototype, key, {
      __proto__: null,
      get() {
        note(`get ${name}`);
      },
      set(value) {
        note(`set ${name}`);
        defineProperty(this, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
  const constructor = NativePromise;
  defineProperty(NativePromise.prototype, "constructor", {
    __proto__: null,
    get() {
      note("get Promise.prototype.constructor");
      return constructor;
    },
    configurable: true,
  });
}

const SCENES = {
  plain() {
    return new Response("ok");
  },
  async body(request) {
    return new Response(await request.text(), { headers: { a: "b", "content-type": "x/y" } });
  },
  async json(request) {
    return Response.json(await request.json(), { status: 201, headers: [["x", "y"]] });
  },
  async headers(request) {
    const headers = new Headers(request.headers);
    headers.set("a", "1");
    headers.append("set-cookie", "a=b");
    headers.append("a", "2");
    headers.delete("x");
    for (const [name, value] of headers) headers.has(name, value);
    headers.getSetCookie();
    return new Response(headers.get("a"), { headers });
  },
  async fetch(request, env) {
    const all = await NativePromise.all([
      fetch(`${env.UPSTREAM}/size/10`),
      fetch(new Request(`${env.UPSTREAM}/size/10`, { method: "POST", body: "x", headers: { a: "b" } })),
      fetch(`${env.UPSTREAM}/size/50000`),
      fetch(`${env.UPSTREAM}/size/50000`, { signal: new AbortController().signal }),
    ]);
    let size = 0;
    for (const response of all) size += (await response.arrayBuffer()).byteLength;
    return new Response(`${size}`);
  },
  async pass(request, env) {
    return fetch(`${env.UPSTREAM}/size/50000`);
  },
  async timers(request, env, ctx) {
    const interval = setInterval(() => {}, 1);
    await new NativePromise((resolve) => setTimeout(resolve, 5, 1));
    clearInterval(interval);
    await scheduler.wait(1);
    ctx.waitUntil(scheduler.wait(1));
    return new Response("ok");
  },
  async stream() {
    const { readable, writable } = new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk);
      },
    });
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(10));
        controller.enqueue(new Uint8Array(300000));
        controller.close();
      },
    });
    source.pipeTo(writable);
    return new Response(readable);
  },
  async identity() {
    const { readable, writable } = new FixedLengthStream(5);
    const writer = writable.getWriter();
    writer.write(new Uint8Array(5));
    writer.close();
    return new Response(readable);
  },
  async clones(request) {
    const response = new Response("text");
    return new Response((await response.clone().text()) + (await request.clone().text()));
  },
  url(request) {
    const url = new URL("/a?b=c", request.url);
    url.searchParams.append("d", "e");
    for (const [name, value] of url.searchParams) url.searchParams.has(name, value);
    url.hash = "x";
    new URL("http://user:pw@EXAMPLE.com:80/ä/../b?x=ü#y");
    URL.canParse("x:y");
    return new Response(url.href + new URLSearchParams({ a: "b" }));
  },
  params(request) {
    const { searchParams } = new URL(`${request.url}?b=c%20d+e&b=f`);
    searchParams.append("d", "e'f");
    searchParams.set("b", "g h");
    searchParams.delete("x");
    searchParams.sort();
    searchParams.forEach(() => {});
    const text = searchParams.getAll("b").length + searchParams.get("d") + searchParams.has("d");
    return new Response(text + searchParams + new URL("/x", request.url));
  },
  events() {
    const target = new EventTarget();
    target.addEventListener("x", () => {}, { once: true });
    target.dispatchEvent(new CustomEvent("x", { detail: 1 }));
    const controller = new AbortController();
    controller.signal.onabort = () => {};
    AbortSignal.any([controller.signal, AbortSignal.timeout(1000)]);
    controller.abort();
    return new Response("ok");
  },
  encoding() {
    const text = new TextDecoder().decode(new TextEncoder().encode("ä"));
    new TextEncoder().encodeInto("abc", new Uint8Array(2));
    new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([65]), { stream: true });
    return new Response(atob(btoa("abc")) + text);
  },
  async websocket() {
    const { 0: client, 1: server } = new WebSocketPair();
    client.accept();
    server.accept();
    server.addEventListener("message", ({ data }) => server.send(data));
    const heard = new NativePromise((resolve) => (client.onmessage = () => resolve()));
    client.send("x");
    client.send(new Uint8Array(3));
    await heard;
    const over = new NativePromise((resolve) => (server.onclose = () => resolve()));
    client.close(1000, "done");
    await over;
    server.serializeAttachment({ a: [1] });
    server.deserializeAttachment();
    return new Response("ok");
  },
  async caches() {
    const request = new Request("http://cache.test/a", { headers: { accept: "*/*" } });
    const named = await caches.open("own");
    await named.put(request, new Response("ok", { headers: { "cache-control": "max-age=60" } }));
    await caches.default.put("http://cache.test/b", new Response("b"));
    await caches.default.delete("http://cache.test/b", { ignoreMethod: true });
    const found = await named.match(request);
    return new Response(`${await found.text()} ${found.cf.cacheStatus}`);
  },
  async cached() {
    const cf = { cacheTtl: 60, cacheTags: ["a"], cacheTtlByStatus: { "200-299": 5 } };
    const response = await fetch(env.UPSTREAM, { cf });
    return new Response(response.body, response);
  },
  random() {
    crypto.getRandomValues(new Uint8Array(4));
    return new Response(crypto.randomUUID());
  },
  async crypto() {
    const { subtle } = crypto;
    const text = new Uint8Array(16);
    const aes = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt", "wrapKey", "unwrapKey"]);
    const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };
    await subtle.encrypt(gcm, aes, text);
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const signature = await subtle.sign(algorithm, pair.privateKey, text);
    await subtle.verify(algorithm, pair.publicKey, signature, text);
    const wrapped = await subtle.wrapKey("jwk", pair.privateKey, aes, gcm);
    await subtle.unwrapKey("jwk", wrapped, aes, gcm, algorithm, true, ["sign"]);
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await subtle.importKey("raw", text, hmac, true, ["sign", "verify"]);
    await subtle.sign("HMAC", key, text);
    await subtle.importKey("jwk", await subtle.exportKey("jwk", key), hmac, true, ["sign"]);
    const secret = await subtle.importKey("raw", text, "PBKDF2", false, ["deriveKey"]);
    const pbkdf2 = { name: "PBKDF2", hash: "SHA-1", salt: text, iterations: 5000 };
    await subtle.deriveKey(pbkdf2, secret, { name: "AES-CBC", length: 256 }, true, ["encrypt"]);
    await subtle.digest("MD5", new Uint8Array(100_000));
    subtle.timingSafeEqual(text, text);
    return new Response("ok");
  },
  async limiter(request, { LIMITER }) {
    const { success } = await LIMITER.limit({ key: "k" });
    return new Response(success);
  },
  async kv(request, { NS }) {
    await NS.put("k", '{"a":1}', { metadata: { m: 1 }, expirationTtl: 60 });
    await NS.put("s", new Response("text").body);
    await NS.put("b", new Uint8Array(200_000));
    for (const type of ["text", "json", "arrayBuffer"]) await NS.get("k", type);
    await NS.get(["k", "s"], { type: "text", cacheTtl: 60 });
    await NS.getWithMetadata("k", { type: "json" });
    await NS.get("b", "arrayBuffer");
    await NS.list({ prefix: "", limit: 1 });
    await NS.delete("k");
    return new Response(await NS.get("b", "stream"));
  },
  async html() {
    const elements = {
      element(element) {
        element.setAttribute("b", element.getAttribute("a"));
        element.append("<i>x</i>", { html: true });
        element.onEndTag((tag) => tag.before("y"));
      },
      text(chunk) {
        if (chunk.lastInTextNode) chunk.after("z");
      },
      async comments(comment) {
        comment.remove();
      },
    };
    const rewriter = new HTMLRewriter().on("p", elements).onDocument({ end: (end) => end.append("e") });
    return rewriter.transform(new Response("<p a='1'>text<!-- c --></p>"));
  },
  clone() {
    const buffer = new ArrayBuffer(1);
    structuredClone([new Headers({ a: "b" }), new Map([[1, new Set([2])]])], { transfer: [buffer] });
    return Response.json(structuredClone({ a: [1, { b: new Date(0) }], m: new Map([[1, 2]]) }));
  },
  logs() {
    console.log("x", { a: [1, "b"], m: new Map([[1, new Set([2])]]), e: new TypeError("e") }, "%s", 1);
    console.error(new Error("x"));
    console.table([{ a: 1 }]);
    console.log(new Response("x"), new URL("http://x/"), new Headers({ a: "b" }));
    return new Response("ok");
  },
  throws() {
    throw new TypeError("thrown");
  },
  async rejects() {
    NativePromise.reject(new Error("nobody hears"));
    queueMicrotask(() => {
      throw new Error("microtask");
    });
    await 1;
    return new Response("ok");
  },
};

tapEverything();

export default {
  async fetch(request, env, ctx) {
    const name = match(request.url, /[^/]*$/)[0];
    if (name === "") return new Response(Object.keys(SCENES).join());
    if (name === "seen") {
      quiet = true;
      const text = [];
      for (const [key] of seen) text.push(key);
      seen.clear();
      return new Response(text.sort().join("\n"));
    }
    quiet = false;
    return SCENES[name](request, env, ctx);
  },
};
