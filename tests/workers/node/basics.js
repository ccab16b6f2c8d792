import assert, { AssertionError } from "node:assert";
import strict from "node:assert/strict";
import fsBare from "fs";
import { createRequire, isBuiltin } from "node:module";
import path, { posix } from "node:path";
import pathPosix from "node:path/posix";
import querystring from "node:querystring";
import { StringDecoder } from "node:string_decoder";
import nodeUrl, { domainToASCII, fileURLToPath, parse, pathToFileURL, URL as NodeURL } from "node:url";
import fs from "node:fs";
import os from "node:os";
import net from "node:net";
import dc, { channel, tracingChannel } from "node:diagnostics_channel";
import punycode from "node:punycode";
import { AsyncLocalStorage } from "node:async_hooks";
import sys from "node:sys";
import util from "node:util";
import { equal, rejected, same, serve, thrown } from "./harness.js";

export default serve({
  async assert() {
    assert(true);
    assert.ok(1);
    assert.equal(1, "1");
    assert.strictEqual("a", "a");
    assert.deepStrictEqual({ a: [1, new Map([[1, { b: 2 }]])] }, { a: [1, new Map([[1, { b: 2 }]])] });
    const error = thrown(() => assert.strictEqual(1, 2));
    equal(error instanceof AssertionError, true);
    equal(error.code, "ERR_ASSERTION");
    equal(error.actual, 1);
    equal(thrown(() => assert.deepStrictEqual([1], [2])).name, "AssertionError");
    assert.throws(() => { throw new TypeError("bad"); }, TypeError);
    assert.throws(() => { throw new TypeError("bad"); }, /bad/);
    await assert.rejects(Promise.reject(new Error("x")), { message: "x" });
    assert.match("abc", /b/);
    equal(thrown(() => assert.fail("no")).message, "no");
    equal(thrown(() => strict.equal(1, "1")).name, "AssertionError");
  },
  path() {
    equal(path.join("/a", "../b", "./c.txt"), "/b/c.txt");
    equal(path.resolve("/a/b", "../c"), "/a/c");
    equal(path.extname("x.tar.gz"), ".gz");
    equal(path.basename("/a/b.js", ".js"), "b");
    equal(path.relative("/a/b/c", "/a/d"), "../../d");
    same(path.parse("/home/x.txt"), { root: "/", dir: "/home", base: "x.txt", ext: ".txt", name: "x" });
    equal(path.normalize("a\\b/../c"), "c");
    equal(path.sep, "/");
    equal(posix, path);
    equal(pathPosix, path);
  },
  querystring() {
    same({ ...querystring.parse("a=1&b=2&a=3&c=%20+") }, { a: ["1", "3"], b: "2", c: "  " });
    equal(querystring.stringify({ a: [1, 2], b: "x y" }), "a=1&a=2&b=x%20y");
    equal(querystring.escape("ä&"), "%C3%A4%26");
  },
  string_decoder() {
    const decoder = new StringDecoder("utf8");
    equal(decoder.write(Buffer.from([0xe2, 0x82])), "");
    equal(decoder.write(Buffer.from([0xac])), "€");
    equal(decoder.end(Buffer.from([0xe2])), "\ufffd");
  },
  url() {
    equal(NodeURL, URL);
    const parsed = parse("http://user:pass@host.com:8080/p/a?query=1#hash");
    equal(parsed.host, "host.com:8080");
    equal(parsed.query, "query=1");
    equal(nodeUrl.resolve("/one/two/three", "four"), "/one/two/four");
    equal(nodeUrl.format({ protocol: "https", hostname: "x.y", pathname: "/z" }), "https://x.y/z");
    equal(fileURLToPath("file:///a%20b"), "/a b");
    equal(pathToFileURL("/a b#").href, "file:///a%20b%23");
    equal(domainToASCII("español.com"), "xn--espaol-zwa.com");
  },
  modules() {
    equal(fsBare, fs);
    equal(isBuiltin("node:fs"), true);
    equal(isBuiltin("fs"), true);
    equal(isBuiltin("left-pad"), false);
    const require = createRequire(import.meta.url);
    equal(require("path"), path);
    equal(require("node:util"), util);
    equal(process.getBuiltinModule("node:path"), path);
    equal(process.getBuiltinModule("nope"), undefined);
    equal(sys, util);
  },
  async stubs_say_what_they_lack() {
    equal(/fs\.readFileSync is not implemented/.test(thrown(() => fs.readFileSync("/x")).message), true);
    equal(/not implemented/.test(thrown(() => net.createServer()).message), true);
    equal(typeof os.EOL, "string");
    equal(punycode.encode("mañana"), "maana-pta");
    for (const name of ["child_process", "cluster", "console", "constants", "dgram", "dns",
      "dns/promises", "domain", "fs/promises", "http", "http2", "https", "inspector",
      "inspector/promises", "perf_hooks", "readline", "readline/promises", "repl", "sqlite",
      "stream/web", "tls", "trace_events", "tty", "v8", "vm", "wasi", "worker_threads"]) {
      const module = await import(`node:${name}`);
      equal(typeof module.default, "object");
      equal(await import(name), module);
    }
    equal((await rejected(import(`node:${"nope"}`))) instanceof Error, true);
  },
  diagnostics_channel() {
    const seen = [];
    const listener = (message, name) => seen.push([name, message]);
    dc.subscribe("a", listener);
    equal(dc.hasSubscribers("a"), true);
    channel("a").publish(1);
    equal(dc.unsubscribe("a", listener), true);
    channel("a").publish(2);
    same(seen, [["a", 1]]);
    const storage = new AsyncLocalStorage();
    channel("b").bindStore(storage, (message) => message.id);
    equal(channel("b").runStores({ id: 5 }, () => storage.getStore()), 5);
  },
  async tracing_channel() {
    const tracing = tracingChannel("query");
    const seen = [];
    const listen = (name) => (context) => seen.push(`${name}${context.result ?? context.error ?? ""}`);
    tracing.subscribe({
      start: listen("start"), end: listen("end"), asyncStart: listen("asyncStart"),
      asyncEnd: listen("asyncEnd"), error: listen("error"),
    });
    equal(tracing.traceSync((x) => x + 1, {}, null, 1), 2);
    equal(await tracing.tracePromise(async () => 3), 3);
    tracing.traceCallback((callback) => callback(null, 4), -1, {}, null, () => {});
    thrown(() => tracing.traceSync(() => { throw "oops"; }));
    equal(
      seen.join(),
      "start,end2,start,end,asyncStart3,asyncEnd3,start,asyncStart4,asyncEnd4,end4,start,erroroops,endoops",
    );
  },
});
