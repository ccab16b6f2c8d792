// Each export of TESTS is called in a request; what it throws is told.
const TESTS = {
  async timers() {
    const order = [];
    await new Promise((resolve) => {
      setTimeout(() => order.push("20"), 20);
      setTimeout((a, b) => order.push(a + b), 5, "a", "b");
      const never = setTimeout(() => order.push("never"), 10);
      clearTimeout(never);
      let ticks = 0;
      const interval = setInterval(() => {
        order.push("tick");
        if (++ticks === 2) {
          clearInterval(interval);
          setTimeout(resolve, 30);
        }
      }, 8);
    });
    equal(order.filter((one) => one === "tick").length, 2);
    equal(order[0], "ab");
    equal(order.includes("20") && !order.includes("never"), true);
  },
  async order() {
    const order = [];
    setTimeout(() => order.push("timer"), 0);
    queueMicrotask(() => order.push("microtask"));
    Promise.resolve().then(() => order.push("promise"));
    order.push("now");
    await scheduler.wait(20);
    equal(order.join(), "now,microtask,promise,timer");
  },
  async wait() {
    const started = performance.now();
    await scheduler.wait(30);
    const took = performance.now() - started;
    equal(took >= 29 && took < 500, true);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    const error = await rejected(scheduler.wait(10_000, { signal: controller.signal }));
    equal(error.name, "AbortError");
  },
  random() {
    const id = crypto.randomUUID();
    equal(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), true);
    equal(id === crypto.randomUUID(), false);
    const bytes = crypto.getRandomValues(new Uint32Array(16));
    equal(new Set(bytes).size > 8, true);
    equal(thrown(() => crypto.getRandomValues(new Uint8Array(65537))).name, "QuotaExceededError");
  },
  clone() {
    const value = { map: new Map([[1, { date: new Date(5) }]]), bytes: new Uint8Array([1, 2]) };
    value.self = value;
    const copy = structuredClone(value);
    equal(copy.self === copy && copy !== value, true);
    equal(copy.map.get(1).date.getTime(), 5);
    equal(thrown(() => structuredClone(() => {})).name, "DataCloneError");
  },
  base64() {
    equal(btoa("caf\u00e9"), "Y2Fm6Q==");
    equal(atob("Y2Fm6Q=="), "caf\u00e9");
    equal(thrown(() => btoa("\u20ac")).name, "InvalidCharacterError");
    equal(thrown(() => atob("*")).name, "InvalidCharacterError");
  },
  text() {
    equal(new TextDecoder().decode(new TextEncoder().encode("ä€😀")), "ä€😀");
  },
  url() {
    const url = new URL("../b?x=1#y", "http://user@EXAMPLE.com:80/a/c/");
    equal(url.href, "http://user@example.com/a/b?x=1#y");
    url.searchParams.append("ä", "&");
    equal(url.search, "?x=1&%C3%A4=%26");
    equal(new URL("http://bücher.example/").hostname, "xn--bcher-kva.example");
  },
  events() {
    const target = new EventTarget();
    const heard = [];
    target.addEventListener("x", (event) => heard.push(event.type), { once: true });
    target.dispatchEvent(new Event("x"));
    target.dispatchEvent(new Event("x"));
    equal(heard.join(), "x");
  },
  hidden() {
    for (const name of ["Deno", "__bootstrap", "__turn", "__install", "__start"]) {
      equal(typeof globalThis[name], "undefined");
    }
  },
};

function equal(got, expected) {
  if (got !== expected) throw new Error(`got ${got}, not ${expected}`);
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
    const name = new URL(request.url).pathname.slice(1);
    if (name === "") return Response.json(Object.keys(TESTS));
    await TESTS[name]();
    return new Response("ok");
  },
};
