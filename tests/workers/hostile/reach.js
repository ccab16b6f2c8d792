// Walks all that is to be reached: from the global object, from what a handler is given, from what
// the platform's functions give and throw, and from stack frames. What it looks for are functions
// and objects that are neither the language's nor a public part of the platform.

const { apply, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const toText = Function.prototype.toString;

const frames = [];

/** What is known of the frames of the runtime layer on a stack. */
function framesOf(action) {
  const before = Error.prepareStackTrace;
  Error.stackTraceLimit = 50;
  Error.prepareStackTrace = (_error, sites) => {
    for (const site of sites) {
      frames.push(site.getThis?.(), site.getFunction?.(), site);
      frames.push(site.getEvalOrigin?.(), site.getTypeName?.());
    }
    return "";
  };
  try {
    action();
  } catch (error) {
    frames.push(error, error?.stack);
  }
  const here = new Error();
  frames.push(here.stack);
  Error.prepareStackTrace = before;
}

/** The names that a public function or object may have a member of. */
const suspicious =
  /^(op_|__|ops$|pulls$|commands$|core$|send$|turn$|resume$|install|sharedModules|openRequests|onAbort$|evalContext|runMicrotasks|setPromiseHooks|lazy|hostFunction)/;
const suspiciousSource = /callSync|op_[a-z]+|hostFunction|sharedModules|openRequests|runMicrotasks/;

function walk(roots) {
  const found = [];
  const seen = new Set();
  const queue = Object.entries(roots).map(([name, value]) => [name, value]);
  for (let next = 0; next < queue.length && next < 200_000; next++) {
    const [path, value] = queue[next];
    if (value === null || (typeof value !== "object" && typeof value !== "function")) continue;
    if (seen.has(value)) continue;
    seen.add(value);
    if (typeof value === "function") {
      const text = apply(toText, value, []);
      if (suspiciousSource.test(text)) found.push(`${path}: ${text.slice(0, 60)}`);
    }
    queue.push([`${path}.[[Prototype]]`, getPrototypeOf(value)]);
    for (const key of ownKeys(value)) {
      const descriptor = getOwnPropertyDescriptor(value, key);
      const name = `${path}.${String(key)}`;
      const isPublic = PUBLIC.test(String(key)) || NODE.test(name);
      if (suspicious.test(String(key)) && !isPublic) found.push(name);
      if (value instanceof WebAssembly.Instance) found.push(`${path}: an instance`);
      if ("value" in descriptor) queue.push([name, descriptor.value]);
      else {
        queue.push([`get ${name}`, descriptor.get], [`set ${name}`, descriptor.set]);
        try {
          queue.push([name, apply(descriptor.get, value, [])]);
        } catch (error) {
          queue.push([`thrown by ${name}`, error]);
        }
      }
    }
    try {
      for (const item of [...(value instanceof Map || value instanceof Set ? value : [])]) {
        queue.push([`${path}[]`, item]);
      }
    } catch {}
  }
  return { found, count: seen.size };
}

/** Of Node.js's streams. */
const NODE = /\.Readable\.prototype\.resume$/;
/** Annex B of the language, and what WebSockets do. */
const PUBLIC = /^(__(proto|defineGetter|defineSetter|lookupGetter|lookupSetter)__|send)$/;

const thrown = (action) => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

framesOf(() => new URL("x:"));

export default {
  async fetch(request, env, ctx) {
    const results = {};
    framesOf(() => new Response(null, { status: 1 }));
    framesOf(() => structuredClone({ get x() { framesOf(() => {}); return 1; } }));
    framesOf(() => new Headers({ "": "" }));
    framesOf(() => new Headers({ get a() { framesOf(() => {}); return "b"; } }));
    framesOf(() => fetch({ toString: () => { framesOf(() => {}); throw new Error("x"); } }));
    const target = new EventTarget();
    target.addEventListener("x", function () { framesOf(() => {}); results.event = this; });
    target.dispatchEvent(new Event("x"));
    await new Promise((resolve) => setTimeout(function () {
      framesOf(() => {});
      results.timerThis = this;
      results.timerArguments = [...arguments];
      resolve();
    }, 1));
    await { then(resolve, reject) { framesOf(() => {}); results.then = [resolve, reject]; resolve(); } };
    const stream = new ReadableStream({
      start(controller) { framesOf(() => {}); results.controller = controller; },
      pull(controller) { framesOf(() => {}); controller.enqueue(new Uint8Array(5)); controller.close(); },
    });
    const response = await fetch(`${env.UPSTREAM}/bytes/100000`);
    const reader = response.clone().body.getReader();
    Object.assign(results, {
      response, reader, read: await reader.read(),
      request, env, ctx, stream, streamBody: new Response(stream).body,
      promise: fetch(`${env.UPSTREAM}/bytes/10`), failed: await fetch("x:").catch((error) => error),
      tee: response.body.tee(), signal: AbortSignal.timeout(1000), any: AbortSignal.any([request.signal]),
      identity: new IdentityTransformStream(), transform: new TransformStream(),
      writable: new WritableStream(), headers: request.headers.entries(),
      params: new URL(request.url).searchParams.keys(), timer: setTimeout(() => {}, 1),
      domException: thrown(() => atob("*")), typeError: thrown(() => new Headers(1)),
      import: await import("./reach.js"), global: globalThis, frames,
    });
    const tokens = [];
    results.tokens = tokens;
    const keep = (token) => { framesOf(() => {}); tokens.push(token); };
    await new HTMLRewriter()
      .on("*", {
        element(element) {
          keep(element);
          framesOf(() => element.setAttribute("a b", ""));
          tokens.push(element.attributes, thrown(() => { element.tagName = ""; }));
          element.onEndTag(keep);
          element.append({ toString() { framesOf(() => {}); return ""; } });
        },
        async text(text) { keep(text); await null; framesOf(() => {}); },
        comments: keep,
      })
      .onDocument({ doctype: keep, end: keep })
      .transform(new Response("<!doctype html><p a=b>text<!--c--></p>"))
      .text();
    const { found, count } = walk(results);
    return Response.json({ found, count, frames: frames.length });
  },
};
