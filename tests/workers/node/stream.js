import stream, { Duplex, PassThrough, pipeline, Readable, Transform, Writable } from "node:stream";
import { arrayBuffer, json, text } from "node:stream/consumers";
import { finished, pipeline as pipelinePromise } from "node:stream/promises";
import { ReadableStream as WebReadable } from "node:stream/web";
import LegacyReadable from "node:_stream_readable";
import EventEmitter from "node:events";
import { equal, rejected, serve } from "./harness.js";

const upper = () =>
  new Transform({
    transform(chunk, _encoding, callback) {
      callback(null, chunk.toString().toUpperCase());
    },
  });

export default serve({
  classes() {
    equal(stream.Readable, Readable);
    equal(new Readable() instanceof EventEmitter, true);
    equal(new Duplex() instanceof Readable, true);
    equal(new PassThrough() instanceof Transform, true);
    equal(LegacyReadable, Readable);
    equal(stream.Stream, stream);
  },
  async reading() {
    const chunks = [];
    for await (const chunk of Readable.from(["a", "b"])) chunks.push(chunk);
    equal(chunks.join(), "a,b");
    const readable = new Readable({ read() { this.push("x"); this.push(null); } });
    equal(await text(readable), "x");
    equal((await json(Readable.from(['{"a":', "1}"]))).a, 1);
    equal((await arrayBuffer(Readable.from([Buffer.from("abc")]))).byteLength, 3);
  },
  async pipelines() {
    const written = [];
    const sink = new Writable({ write(chunk, _, callback) { written.push(`${chunk}`); callback(); } });
    await pipelinePromise(Readable.from(["a", "b"]), upper(), sink);
    equal(written.join(""), "AB");
    await new Promise((resolve, reject) => {
      pipeline(Readable.from(["c"]), new PassThrough(), new Writable({
        write(chunk, _, callback) { written.push(`${chunk}`); callback(); },
      }), (error) => (error ? reject(error) : resolve()));
    });
    equal(written.join(""), "ABc");
    const failing = new Readable({ read() { this.destroy(new Error("broken")); } });
    equal((await rejected(pipelinePromise(failing, new PassThrough()))).message, "broken");
    await finished(sink);
  },
  async backpressure() {
    const slow = new Writable({ highWaterMark: 2, write(_chunk, _, callback) { setTimeout(callback, 1); } });
    equal(slow.write("abc"), false);
    await new Promise((resolve) => slow.once("drain", resolve));
    slow.end();
    await finished(slow);
  },
  async from_and_to_web() {
    const response = new Response(Readable.toWeb(Readable.from([Buffer.from("to "), Buffer.from("web")])));
    equal(await response.text(), "to web");
    equal(await text(Readable.fromWeb(new Response("from web").body)), "from web");
    equal(WebReadable, ReadableStream);
    const web = new TransformStream();
    const written = new Response(web.readable).text();
    const writable = Writable.fromWeb(web.writable);
    writable.write(Buffer.from("x"));
    writable.end(Buffer.from("y"));
    equal(await written, "xy");
    const seen = [];
    const node = new Writable({ write(chunk, _, callback) { seen.push(`${chunk}`); callback(); } });
    const writer = Writable.toWeb(node).getWriter();
    await writer.write("z");
    await writer.close();
    equal(seen.join(), "z");
    equal(await new Response(Duplex.toWeb(Duplex.from(Readable.from([Buffer.from("d")]))).readable).text(), "d");
  },
  async helpers() {
    const values = await Readable.from([1, 2, 3]).map((x) => x * 2).filter((x) => x > 2).toArray();
    equal(values.join(), "4,6");
  },
});
