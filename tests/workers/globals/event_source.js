import { equal, looksLikeAnInterface, next, serve, thrown } from "./testing.js";

/** All that a source tells until its end. */
function heard(source, ...types) {
  return new Promise((resolve) => {
    const seen = [];
    for (const type of ["message", ...types]) {
      source.addEventListener(type, (event) => seen.push([type, event.data, event.lastEventId]));
    }
    source.addEventListener("error", () => resolve(seen));
  });
}

function streamOf(...chunks) {
  return ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
}

export default serve({
  kindsAndAttributes() {
    const members = ["url", "readyState", "withCredentials", "onopen", "onmessage", "close"];
    looksLikeAnInterface("EventSource", members, ["CONNECTING", "OPEN", "CLOSED", "from"]);
    equal([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED], [0, 1, 2]);
  },
  async aStreamOfEvents() {
    const text = "\ufeff: hi\nid: 7\nretry: 5\ndata: one\ndata: two\n\nevent: custom\ndata:x\r\n\r\n";
    const source = EventSource.from(streamOf(text, "data\n\nid\rdata: y\r\rdata: unfinished"));
    equal([source.url, source.readyState, source.withCredentials], ["", 1, false]);
    equal(await heard(source, "custom"), [
      ["message", "one\ntwo", "7"],
      ["custom", "x", "7"],
      ["message", "", "7"],
      ["message", "y", ""],
    ]);
    equal(source.readyState, EventSource.CLOSED);
  },
  async charactersAndLineEndsMayBeCutAnywhere() {
    const bytes = new TextEncoder().encode("data: é😀\r\ndata: 2\r\n\r\n");
    const source = EventSource.from(ReadableStream.from([...bytes].map((b) => new Uint8Array([b]))));
    equal(await heard(source), [["message", "é😀\n2", ""]]);
  },
  async messagesAreTrustedMessageEvents() {
    const source = EventSource.from(streamOf("data: 1\n\n"));
    const event = await next(source, "message");
    equal([event.constructor === MessageEvent, event.isTrusted], [true, true]);
    equal([event.origin, event.source], [null, null]);
    const error = await next(source, "error");
    equal([error.constructor === ErrorEvent, error.message], [true, ""]);
    equal(String(error.error), "Error: The server disconnected.");
  },
  async closeEndsIt() {
    let cancelled = false;
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("data: 1\n\ndata: 2\n\n"));
      },
      cancel() {
        cancelled = true;
      },
    });
    const source = EventSource.from(stream);
    let count = 0;
    source.onmessage = () => {
      count++;
      source.close();
    };
    await scheduler.wait(10);
    equal([count, source.readyState, cancelled], [1, 2, true]);
  },
  whatItRefuses() {
    equal(thrown(() => new EventSource("no URL")).name, "SyntaxError");
    equal(thrown(() => new EventSource()).name, "TypeError");
    const url = "http://127.0.0.1:1/";
    equal(thrown(() => new EventSource(url, { withCredentials: true })).name, "NotSupportedError");
    equal(thrown(() => new EventSource(url, { fetcher: {} })).name, "TypeError");
    equal(thrown(() => EventSource.from({})).name, "TypeError");
  },
  async aConnectionThatFailsIsClosed() {
    const source = new EventSource("http://127.0.0.1:1/");
    equal([source.url, source.readyState], ["http://127.0.0.1:1/", 0]);
    const event = await next(source, "error");
    equal([event.error instanceof Error, source.readyState], [true, 2]);
  },
});
