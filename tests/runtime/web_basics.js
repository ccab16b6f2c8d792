// The Web platform in the engine it is made for: what `npm test` checks under Node with fakes is
// checked here where it depends on the engine. A failure keeps the Worker from starting.

function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual} is not ${expected}`);
}

function thrown(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

equal(new URL("/d?e=1", "https://a.b/c").href, "https://a.b/d?e=1", "URL");
equal(new URL("https://Bücher.example/").hostname, "xn--bcher-kva.example", "IDNA");
equal(atob(btoa("\xff\0a")), "\xff\0a", "base64");
equal(thrown(() => atob("a")).name, "InvalidCharacterError", "base64 error");
equal(new TextDecoder().decode(new TextEncoder().encode("\ufeffä\ud800")), "ä\ufffd", "UTF-8");
equal(thrown(() => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff]))).name,
  "TypeError", "fatal");
equal(structuredClone(new Map([[1, { date: new Date(3) }]])).get(1).date.getTime(), 3, "clone");
equal(thrown(() => structuredClone(() => {})).code, DOMException.DATA_CLONE_ERR, "uncloneable");
const buffer = new ArrayBuffer(8);
structuredClone(buffer, { transfer: [buffer] });
equal(buffer.detached, true, "transfer");
equal(AbortSignal.any([AbortSignal.abort(7)]).reason, 7, "AbortSignal");
equal(thrown(() => setTimeout(() => {}, 1)).message.slice(0, 20), "Disallowed operation", "timers");
equal(thrown(() => crypto.randomUUID()).message.slice(0, 20), "Disallowed operation", "random");
equal(performance.now(), 0, "no time at start-up");

for (const name of [
  "AbortController", "AbortSignal", "Crypto", "CustomEvent", "DOMException", "Event", "EventTarget",
  "TextDecoder", "TextEncoder", "URL", "URLSearchParams",
]) {
  equal(globalThis[name].name, name, "class name");
  equal(globalThis[name].prototype[Symbol.toStringTag], name, "class string");
}

export default {};
