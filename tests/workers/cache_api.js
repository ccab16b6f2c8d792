// A scene of the Cache API for each path; what it gives is what was seen.

const URL_ = "http://cache.test/thing";

function response(body = "hello", headers = {}, status = 200) {
  return new Response(body, { status, headers: { "cache-control": "max-age=60", ...headers } });
}

async function tell(found) {
  if (found === undefined) return null;
  return { status: found.status, headers: Object.fromEntries(found.headers), text: await found.text() };
}

async function error(promise) {
  try {
    await promise;
    return null;
  } catch (thrown) {
    return `${thrown.name}: ${thrown.message}`;
  }
}

const cache = caches.default;

const scenes = {
  async round() {
    const before = await cache.match(URL_);
    const put = await cache.put(URL_, response("hello", { "x-own": "yes" }, 404));
    const found = await tell(await cache.match(new Request(`${URL_}#fragment`)));
    const other = await cache.match(`${URL_}?other`);
    const deleted = [await cache.delete(URL_), await cache.delete(new URL(URL_))];
    return { before: before ?? null, put: put ?? null, found, other: other ?? null, deleted };
  },
  async put({ headers = {}, status = 200, requestHeaders = {} }) {
    const key = new Request(URL_, { headers: requestHeaders });
    await cache.put(key, new Response(status === 204 ? null : "hello", { status, headers }));
    return tell(await cache.match(key));
  },
  async refused() {
    const post = new Request(URL_, { method: "POST" });
    const used = response();
    await used.text();
    return [
      await error(cache.put(post, response())),
      await error(cache.put(URL_, response("x", {}, 206))),
      await error(cache.put(URL_, response("x", { vary: "accept, *" }))),
      await error(cache.put(URL_, {})),
      await error(cache.put(URL_)),
      await error(cache.put(URL_, used)),
      await error(cache.put("no url", response())),
      await error(cache.match("ftp://cache.test/")),
      await error(cache.match()),
      await error(caches.open()),
      await error(caches.open("x".repeat(1025))),
      await error((async () => new Cache())()),
      await error((async () => new CacheStorage())()),
      await error(cache.put(URL_, new Response(null, { status: 304 }))),
    ];
  },
  async methods() {
    await cache.put(URL_, response());
    const head = new Request(URL_, { method: "HEAD" });
    const post = new Request(URL_, { method: "POST", body: "x" });
    return {
      head: (await cache.match(head)) ?? null,
      ignored: (await tell(await cache.match(post, { ignoreMethod: true }))).text,
      deleted: await cache.delete(post),
      deletedIgnored: await cache.delete(post, { ignoreMethod: true }),
    };
  },
  async named() {
    const one = await caches.open("one");
    const again = await caches.open("one");
    const other = await caches.open("default");
    await one.put(URL_, response());
    return {
      again: (await again.match(URL_))?.status,
      other: (await other.match(URL_))?.status ?? null,
      default: (await cache.match(URL_))?.status ?? null,
    };
  },
  async ask({ headers, stored = {} }) {
    await cache.put(URL_, response("0123456789", { etag: '"v1"', ...stored }));
    return tell(await cache.match(new Request(URL_, { headers })));
  },
  async vary() {
    const key = (language) => new Request(URL_, { headers: { "accept-language": language } });
    const put = (language, text) =>
      cache.put(key(language), response(text, { vary: "Accept-Language" }));
    await put("de", "hallo");
    await put("fr", "salut");
    const texts = [];
    for (const language of ["de", "fr", "en"]) {
      texts.push((await (await cache.match(key(language)))?.text()) ?? null);
    }
    await cache.delete(URL_);
    texts.push((await cache.match(key("de"))) ?? null);
    return texts;
  },
  async expires() {
    await cache.put(URL_, response("short", { "cache-control": "max-age=1" }));
    const first = await (await cache.match(URL_)).text();
    await scheduler.wait(1100);
    return [first, (await cache.match(URL_)) ?? null];
  },
  async stream() {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const encode = (text) => new TextEncoder().encode(text);
    const storing = cache.put(URL_, response(readable));
    await writer.write(encode("one,"));
    const early = (await cache.match(URL_)) ?? null;
    await writer.write(encode("two"));
    await writer.close();
    await storing;
    return { early, found: await tell(await cache.match(URL_)) };
  },
  async broken() {
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(10));
        controller.error(new RangeError("no more"));
      },
    });
    return [await error(cache.put(URL_, response(body))), (await cache.match(URL_)) ?? null];
  },
  async upstream({ url }) {
    const fetched = await fetch(url);
    const kept = new Response(fetched.body, fetched);
    kept.headers.set("cache-control", "max-age=60");
    await cache.put(url, kept);
    const found = await cache.match(url);
    const coding = found.headers.get("content-encoding");
    return { coding, length: (await found.arrayBuffer()).byteLength };
  },
  async keep({ url }) {
    const fetched = await fetch(url);
    const kept = new Response(fetched.body, fetched);
    kept.headers.set("cache-control", "max-age=60");
    await cache.put(url, kept);
    return "kept";
  },
  async many({ count }) {
    const errors = [];
    for (let i = 0; i < count; i++) errors.push(await error(cache.match(`${URL_}/${i}`)));
    return errors;
  },
  async later(_, ctx) {
    ctx.waitUntil(cache.put(URL_, response("later")));
    return "soon";
  },
  async look() {
    return tell(await cache.match(URL_));
  },
};

export default {
  async fetch(request, env, ctx) {
    const name = new URL(request.url).pathname.slice(1);
    const options = request.method === "POST" ? await request.json() : {};
    if (name === "serve") return (await cache.match(options.url)) ?? new Response("none");
    return Response.json(await scenes[name](options, ctx));
  },
};
