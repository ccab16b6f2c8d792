// Each path is a scene; what it gives is what the test looks at.

/** What a promise comes to: its value, or the name and message of its error. */
async function outcome(promise) {
  try {
    return await promise;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

const bytes = (...values) => new Uint8Array(values);
const now = () => Math.floor(Date.now() / 1000);

function streamOf(...chunks) {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

const SCENES = {
  async types(NS) {
    await NS.put("k", '{"a":[1,"ü"]}');
    const stream = await NS.get("k", "stream");
    return [
      await NS.get("k"),
      await NS.get("k", "text"),
      await NS.get("k", { type: "json" }),
      new Uint8Array(await NS.get("k", "arrayBuffer")).length,
      stream instanceof ReadableStream,
      await new Response(stream).text(),
      await NS.get("missing"),
      await NS.get("missing", "stream"),
      await outcome(NS.get("k", "blob")),
    ];
  },
  async values(NS) {
    await NS.put("text", "ä\ud800");
    await NS.put("number", 5);
    await NS.put("empty", "");
    await NS.put("buffer", bytes(1, 2, 3).buffer);
    await NS.put("view", bytes(0, 1, 2, 3).subarray(2));
    await NS.put("stream", streamOf(bytes(65), bytes(66, 67)));
    await NS.put("passed", new Response("a response's").body);
    const all = {};
    for (const name of ["text", "number", "empty", "stream", "passed"]) all[name] = await NS.get(name);
    all.buffer = [...new Uint8Array(await NS.get("buffer", "arrayBuffer"))];
    all.view = [...new Uint8Array(await NS.get("view", "arrayBuffer"))];
    all.object = await outcome(NS.put("k", { a: 1 }));
    all.broken = await outcome(NS.put("broken", streamOf("no bytes")));
    all.left = await NS.get("broken");
    return all;
  },
  async changed(NS) {
    const mutable = bytes(1);
    const putting = NS.put("k", mutable);
    mutable[0] = 2;
    await putting;
    return [...new Uint8Array(await NS.get("k", "arrayBuffer"))];
  },
  async metadata(NS) {
    await NS.put("k", "v", { metadata: { a: [1, null, "ü"] } });
    await NS.put("plain", "v", { metadata: null });
    const { value, metadata } = await NS.getWithMetadata("k");
    const missing = await NS.getWithMetadata("missing");
    return [value, metadata, await NS.getWithMetadata("plain", "text"), missing];
  },
  async large(NS) {
    const size = 25 * 1024 * 1024;
    await NS.put("large", new Uint8Array(size).fill(7));
    const stream = await NS.get("large", "stream");
    let read = 0;
    for await (const chunk of stream) read += chunk.length;
    await NS.put("copy", await NS.get("large", "stream"));
    return [
      read,
      (await NS.get("copy", "arrayBuffer")).byteLength,
      await outcome(NS.put("large", new Uint8Array(size + 1))),
      await outcome(NS.put("large", streamOf(new Uint8Array(size), bytes(1)))),
      (await NS.get("large", "arrayBuffer")).byteLength,
    ];
  },
  async passed(NS) {
    await NS.put("large", "x".repeat(1_000_000));
    return new Response(await NS.get("large", "stream"));
  },
  async keys(NS) {
    const long = "ä".repeat(256);
    await NS.put(long, "fits");
    return [
      await NS.get(long),
      await outcome(NS.get("")),
      await outcome(NS.put(".", "v")),
      await outcome(NS.delete("..")),
      await outcome(NS.get(`${long}a`)),
      await outcome(NS.put(`${long}a`, "v")),
      await outcome(NS.delete(`${long}a`)),
      await outcome(NS.get()),
      await outcome(NS.put("k")),
    ];
  },
  async expirations(NS) {
    const at = now() + 120;
    await NS.put("at", "v", { expiration: at });
    await NS.put("ttl", "v", { expirationTtl: 60 });
    const { keys } = await NS.list();
    return [
      keys.find((key) => key.name === "at").expiration - at,
      keys.find((key) => key.name === "ttl").expiration - now() >= 59,
      await outcome(NS.put("k", "v", { expirationTtl: 59 })),
      await outcome(NS.put("k", "v", { expirationTtl: 0 })),
      await outcome(NS.put("k", "v", { expirationTtl: "soon" })),
      (await outcome(NS.put("k", "v", { expiration: 1 }))),
      (await outcome(NS.put("k", "v", { expiration: now() + 30 }))).replace(/\d{5,}/, "N"),
      await outcome(NS.put("k", "v", { metadata: "x".repeat(1022) })),
      await outcome(NS.put("k", "v", { metadata: "x".repeat(1023) })),
    ];
  },
  async list(NS, OTHER) {
    await OTHER.put("a/other", "v");
    for (const name of ["b", "a/2", "a/1", "a/ü", "a/\u{1F600}", "a"]) await NS.put(name, "v");
    await NS.put("a/3", "v", { metadata: { m: 1 } });
    const first = await NS.list({ prefix: "a/", limit: 2 });
    const second = await NS.list({ prefix: "a/", limit: 3, cursor: first.cursor });
    return {
      all: (await NS.list()).keys.map((key) => key.name),
      first: { ...first, cursor: typeof first.cursor },
      second,
      none: await NS.list({ prefix: "c" }),
      zero: (await NS.list({ limit: 0 })).keys.length,
      tooMany: await outcome(NS.list({ limit: 1001 })),
      cursor: await outcome(NS.list({ cursor: "?" })),
      prefix: await outcome(NS.list({ prefix: "x".repeat(513) })),
    };
  },
  async many(NS) {
    await NS.put("a", '{"n":1}', { metadata: "m" });
    await NS.put("b", "2");
    const plain = await NS.get(["a", "b", "c"]);
    const json = await NS.get(["a", "b"], "json");
    const metadata = await NS.getWithMetadata(["a", "c"], { type: "json" });
    await NS.put("b", "no json");
    return [
      plain instanceof Map,
      [...plain],
      [...json],
      [...metadata],
      await outcome(NS.get(["a", "b"], "json")),
      await outcome(NS.get(["a"], "stream")),
      await outcome(NS.get([])),
      await outcome(NS.get(Array.from({ length: 101 }, (_, i) => `k${i}`))),
    ];
  },
  async deletes(NS) {
    await NS.put("k", "v");
    await NS.delete("k");
    await NS.delete("never there");
    return [await NS.get("k"), (await NS.list()).keys];
  },
  async cached(NS) {
    await NS.put("k", "v");
    const statuses = [];
    for (let i = 0; i < 2; i++) statuses.push((await NS.getWithMetadata("k")).cacheStatus);
    statuses.push((await NS.getWithMetadata("k", { cacheTtl: 30 })).cacheStatus);
    await NS.put("k", "w");
    const { value, cacheStatus } = await NS.getWithMetadata("k");
    return [...statuses, value, cacheStatus, await outcome(NS.get("k", { cacheTtl: 29 }))];
  },
  async counted(NS, OTHER, url) {
    const count = Number(url.searchParams.get("count"));
    const all = await Promise.all(Array.from({ length: count }, () => outcome(NS.get("k"))));
    return all.filter((value) => value !== null);
  },
  async queued(NS) {
    await NS.put("k", "v");
    await NS.get("k");
    const all = [];
    for (let i = 0; i < 6; i++) all.push(NS.put(`slow-${i}`, streamOf(bytes(1), bytes(2))));
    for (let i = 0; i < 980; i++) all.push(NS.get("k"));
    return (await Promise.all(all)).filter((value) => value === "v").length;
  },
  async kept(NS, OTHER, url) {
    const value = url.searchParams.get("put");
    if (value !== null) await NS.put("kept", value);
    return await NS.get("kept");
  },
  async shape(NS) {
    return {
      name: NS.constructor.name,
      members: Object.getOwnPropertyNames(Object.getPrototypeOf(NS)),
      own: Reflect.ownKeys(NS),
      illegal: await outcome((async () => new NS.constructor("OTHER"))()),
      borrowed: await outcome((async () => NS.get.call({}, "k"))()),
      global: outside,
    };
  },
};

let outside = "not looked at";

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const given = await SCENES[url.pathname.slice(1)](env.NS, env.OTHER, url);
    return given instanceof Response ? given : Response.json(given);
  },
};

import { env as imported } from "cloudflare:workers";

try {
  imported.NS.get("k").catch((error) => {
    outside = error.message;
  });
} catch (error) {
  outside = `thrown: ${error.message}`;
}
