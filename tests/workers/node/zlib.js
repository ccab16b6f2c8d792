import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { equal, rejected, serve, thrown } from "./harness.js";

const TEXT = "compress me, compress me, ".repeat(1000);
const PAIRS = [["gzip", "gunzip"], ["deflate", "inflate"], ["deflateRaw", "inflateRaw"],
  ["brotliCompress", "brotliDecompress"], ["gzip", "unzip"], ["deflate", "unzip"]];

export default serve({
  at_once() {
    for (const [pack, unpack] of PAIRS) {
      const packed = zlib[`${pack}Sync`](TEXT);
      equal(packed.length < TEXT.length / 10, true);
      equal(zlib[`${unpack}Sync`](packed).toString(), TEXT);
    }
    equal(zlib.gunzipSync(Buffer.from("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==", "base64")).toString(), "hello");
  },
  async with_callbacks() {
    for (const [pack, unpack] of PAIRS) {
      equal((await promisify(zlib[unpack])(await promisify(zlib[pack])(TEXT))).toString(), TEXT);
    }
    equal((await rejected(promisify(zlib.gunzip)("nonsense"))).code, "Z_DATA_ERROR");
  },
  async streams() {
    for (const [pack, unpack] of PAIRS) {
      const create = (name) => zlib[`create${name[0].toUpperCase()}${name.slice(1)}`]();
      equal(await text(Readable.from([TEXT, TEXT]).pipe(create(pack)).pipe(create(unpack))), TEXT + TEXT);
    }
    equal(zlib.createGzip() instanceof zlib.Gzip, true);
    const broken = Readable.from([Buffer.from("nonsense")]);
    equal((await rejected(pipeline(broken, zlib.createGunzip()))).message, "incorrect header check");
  },
  async agrees_with_the_web() {
    const response = new Response(Readable.toWeb(Readable.from([zlib.gzipSync(TEXT)])), {
      headers: { "content-encoding": "gzip" }, encodeBody: "manual",
    });
    equal((await response.arrayBuffer()).byteLength, zlib.gzipSync(TEXT).length);
  },
  large_and_bounded() {
    const packed = zlib.gzipSync(Buffer.alloc(3_000_000));
    equal(zlib.gunzipSync(packed).length, 3_000_000);
    equal(thrown(() => zlib.gunzipSync(packed, { maxOutputLength: 1000 })).code, "ERR_BUFFER_TOO_LARGE");
  },
  what_is_cut_off() {
    const packed = zlib.gzipSync(TEXT);
    const half = packed.subarray(0, packed.length / 2);
    equal(thrown(() => zlib.gunzipSync(half)).code, "Z_BUF_ERROR");
    equal(TEXT.startsWith(zlib.gunzipSync(half, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()), true);
  },
  several_members() {
    equal(zlib.gunzipSync(Buffer.concat([zlib.gzipSync("a"), zlib.gzipSync("b")])).toString(), "ab");
  },
  options() {
    equal(zlib.gzipSync(TEXT, { level: 0 }).length > TEXT.length, true);
    equal(thrown(() => zlib.gzipSync("", { level: 10 })).name, "RangeError");
    const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 };
    equal(zlib.brotliDecompressSync(zlib.brotliCompressSync(TEXT, { params })).toString(), TEXT);
    equal(zlib.crc32("hello"), 0x3610a686);
    equal(zlib.constants.Z_BEST_COMPRESSION, 9);
  },
  async flushing() {
    const gzip = zlib.createGzip();
    gzip.write("first");
    await new Promise((resolve) => gzip.flush(resolve));
    const sent = gzip.read();
    equal(zlib.gunzipSync(sent, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString(), "first");
    gzip.end();
    equal((await buffer(gzip)).length > 0, true);
  },
});
