// Compression, legacy encodings, text streams and data: URLs, each test called by its name.

const HELLO = "hello ".repeat(1000);

function pieces(bytes, size) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.slice(at, at + size));
  return ReadableStream.from(parts);
}

const compress = (bytes, format) =>
  new Response(pieces(bytes, 777).pipeThrough(new CompressionStream(format))).bytes();
const decompress = (bytes, format, size = 777) =>
  new Response(pieces(bytes, size).pipeThrough(new DecompressionStream(format)));

const TESTS = {
  async roundTrips() {
    const random = crypto.getRandomValues(new Uint8Array(60_000));
    const inputs = [new Uint8Array(0), new TextEncoder().encode(HELLO), random, new Uint8Array(300_000)];
    for (const format of ["gzip", "deflate", "deflate-raw", "brotli"]) {
      for (const input of inputs) {
        const compressed = await compress(input, format);
        for (const size of [1e9, 1000, 1].filter((size) => compressed.length / size < 3000)) {
          same(await decompress(compressed, format, size).bytes(), input, `${format} ${size}`);
        }
      }
      equal((await compress(inputs[3], format)).length < 1000, true);
    }
  },
  async platformObjects() {
    const stream = new CompressionStream("gzip");
    equal(stream instanceof TransformStream, true);
    equal(String(stream), "[object CompressionStream]");
    const message = "The compression format must be either 'deflate', 'deflate-raw', 'gzip' or 'brotli'.";
    for (const format of ["x", "GZIP", undefined]) {
      equal(thrown(() => new CompressionStream(format)).message, message);
      equal(thrown(() => new DecompressionStream(format)).message, message);
    }
    equal(thrown(() => new CompressionStream()).name, "TypeError");
  },
  async textIsCompressedToo() {
    const { readable, writable } = new CompressionStream("deflate");
    const writer = writable.getWriter();
    await writer.write("ä");
    await writer.close();
    equal(await new Response(readable.pipeThrough(new DecompressionStream("deflate"))).text(), "ä");
    const wrong = new CompressionStream("gzip");
    equal((await rejected(wrong.writable.getWriter().write(5))).name, "TypeError");
    equal((await rejected(wrong.readable.getReader().read())).name, "TypeError");
  },
  async brokenData() {
    for (const format of ["gzip", "deflate", "deflate-raw", "brotli"]) {
      const good = await compress(new TextEncoder().encode(HELLO), format);
      const fails = async (bytes) => (await rejected(decompress(bytes, format).text())).message;
      const incomplete = "Called close() on a decompression stream with incomplete data";
      equal(await fails(good.slice(0, -1)), incomplete);
      equal(await fails(new Uint8Array(0)), incomplete);
      const twice = await fails(new Uint8Array([...good, ...good]));
      equal(twice.startsWith("Trailing bytes") || format === "brotli", true);
      equal(await fails(new Uint8Array(100).fill(0xff)), "Decompression failed.");
    }
  },
  async trailingBytesInAWriteOfTheirOwn() {
    for (const format of ["gzip", "brotli"]) {
      const { readable, writable } = new DecompressionStream(format);
      const writer = writable.getWriter();
      await writer.write(await compress(new Uint8Array(5), format));
      equal((await readable.getReader().read()).value.length, 5);
      const error = await rejected(writer.write(new Uint8Array(1)));
      equal(error.message, "Trailing bytes after end of compressed data");
    }
  },
  async aBombIsUnpackedAsItIsRead() {
    for (const format of ["gzip", "brotli"]) {
      // 200 MB, more than an isolate may have.
      const zeros = new ReadableStream({
        start() {
          this.left = 200;
        },
        pull(controller) {
          if (this.left-- === 0) controller.close();
          else controller.enqueue(new Uint8Array(1_000_000));
        },
      });
      const bomb = await new Response(zeros.pipeThrough(new CompressionStream(format))).bytes();
      equal(bomb.length < 300_000, true);
      let size = 0;
      for await (const chunk of decompress(bomb, format, 1e9).body) size += chunk.length;
      equal(size, 200_000_000);
    }
  },
  async eachEndGivesUp() {
    const cancelled = new DecompressionStream("gzip");
    await cancelled.readable.cancel(new Error("enough"));
    equal((await rejected(cancelled.writable.getWriter().write("x"))).message, "enough");
    const aborted = new CompressionStream("gzip");
    await aborted.writable.abort(new Error("stop"));
    equal((await rejected(aborted.readable.getReader().read())).message, "stop");
  },
  async compressionHasABound() {
    const streams = [];
    const error = thrown(() => {
      for (let i = 0; i < 1000; i++) streams.push(new CompressionStream("gzip"));
    });
    equal(error.name, "QuotaExceededError");
    equal(streams.length > 50, true);
    for (const { readable } of streams) await readable.cancel();
    equal((await compress(new Uint8Array(5), "gzip")).length > 5, true);
  },
  async textStreams() {
    const encoder = new TextEncoderStream();
    equal(encoder instanceof TransformStream && encoder.encoding, "utf-8");
    const halves = ReadableStream.from(["", "\ud83d", "\ude00", 5, null, "\ud83d", "x", "\ud83d"]);
    equal(await new Response(halves.pipeThrough(encoder)).text(), "😀5null\ufffdx\ufffd");
    const decoder = new TextDecoderStream("shift_jis", { fatal: true, ignoreBOM: true });
    equal([decoder.encoding, decoder.fatal, decoder.ignoreBOM].join(), "shift_jis,true,true");
    const bytes = ReadableStream.from([[0x82], [0xa0], [], [65]].map((list) => new Uint8Array(list)));
    equal((await Array.fromAsync(bytes.pipeThrough(decoder))).join("|"), "あ|A");
    const utf8 = [new Uint8Array([0xef, 0xbb]).buffer, new Uint8Array([0xbf, 0xe4, 0xbd])];
    const whole = await Array.fromAsync(ReadableStream.from(utf8).pipeThrough(new TextDecoderStream()));
    equal(whole.join("|"), "\ufffd");
    const broken = ReadableStream.from([new Uint8Array([0xff])]);
    const strict = broken.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
    equal((await rejected(Array.fromAsync(strict))).message, "Failed to decode input.");
    const text = ReadableStream.from(["x"]).pipeThrough(new TextDecoderStream());
    equal((await rejected(Array.fromAsync(text))).name, "TypeError");
    equal(thrown(() => new TextDecoderStream("x")).name, "RangeError");
  },
  async dataUrls() {
    const response = await fetch("data:Text/X;charset=y,a%20b%zz#c");
    equal([response.status, response.statusText, response.url].join(), "200,OK,");
    equal(response.headers.get("content-type"), "text/x;charset=y");
    response.headers.set("changed", "yes");
    equal(await response.text(), "a b%zz");
    for (const [url, type, text] of [
      ["data:,", "text/plain;charset=US-ASCII", ""],
      ["data:;base64,YW Jj", "text/plain;charset=US-ASCII", "abc"],
      ["data:;charset=x ; BASE64,w6Q", "text/plain;charset=x", "ä"],
      ["data:a/b;base64;x,eA==", "a/b", "eA=="],
      ["data:garbage,x", "text/plain;charset=US-ASCII", "x"],
      ['data:a/b;c="d e",%C3%A4', 'a/b;c="d e"', "ä"],
    ]) {
      const response = await fetch(url, { method: "POST", body: "ignored" });
      equal(response.headers.get("content-type"), type);
      equal(await response.text(), text);
    }
    equal((await fetch("data:,x", { method: "HEAD" })).body, null);
    for (const url of ["data:x", "data:x#,y", "data:;base64,*", "blob:http://x/1", "file:///x"]) {
      equal((await rejected(fetch(url))).message, `Fetch API cannot load: ${url}`);
    }
    equal((await rejected(fetch("data:,x", { signal: AbortSignal.abort() }))).name, "AbortError");
  },
  async readAtLeast() {
    const reader = () => new Blob(["hello"]).stream().getReader({ mode: "byob" });
    const { value, done } = await reader().readAtLeast(4, new Uint8Array(8));
    equal(`${value.length} ${done}`, "5 false");
    const short = reader();
    const first = await short.readAtLeast(7, new Uint8Array(8));
    equal(`${first.value.length} ${first.done}`, "5 false");
    const second = await short.readAtLeast(7, new Uint8Array(8));
    equal(`${second.value.length} ${second.done}`, "0 true");
    equal(
      (await rejected(reader().readAtLeast(0, new Uint8Array(8)))).message,
      "Requested invalid minimum number of bytes to read (0).",
    );
    equal(
      (await rejected(reader().readAtLeast(9, new Uint8Array(8)))).message,
      "Minimum bytes to read (9) exceeds size of buffer (8).",
    );
    const asked = [];
    const source = new ReadableStream({
      type: "bytes",
      pull({ byobRequest }) {
        asked.push(byobRequest.atLeast);
        byobRequest.view[0] = 1;
        byobRequest.respond(1);
      },
    });
    await source.getReader({ mode: "byob" }).readAtLeast(3, new Uint8Array(4));
    equal(asked.join(), "3,2,1");
  },
};

function equal(got, expected) {
  if (got !== expected) throw new Error(`got ${got}, not ${expected}`);
}

function same(got, expected, what) {
  if (got.length !== expected.length || got.some((byte, at) => byte !== expected[at])) {
    throw new Error(`${what}: ${got.length} bytes are not the ${expected.length} they were`);
  }
}

function thrown(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

async function rejected(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not reject");
}

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const name = pathname.slice(1);
    if (name === "") return Response.json(Object.keys(TESTS));
    if (name === "decode") {
      const decoder = new TextDecoder(searchParams.get("label"), { fatal: searchParams.has("fatal") });
      const bytes = await request.bytes();
      const whole = decoder.decode(bytes);
      let inParts = "";
      for (const byte of bytes) inParts += decoder.decode(new Uint8Array([byte]), { stream: true });
      if (inParts + decoder.decode() !== whole) throw new Error("streaming makes a difference");
      return new Response(whole, { headers: { encoding: decoder.encoding } });
    }
    await TESTS[name]();
    return new Response("ok");
  },
};
