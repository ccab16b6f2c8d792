// What Workers that test themselves have in common: GET / lists the tests, GET /name runs one.

export function serve(tests) {
  return {
    async fetch(request, env, ctx) {
      const name = new URL(request.url).pathname.slice(1);
      if (name === "") return Response.json(Object.keys(tests));
      await tests[name](request, env, ctx);
      return new Response("ok");
    },
  };
}

/** Also of objects and lists. */
export function equal(got, expected) {
  const [a, b] = [show(got), show(expected)];
  if (a !== b) throw new Error(`got ${a}, not ${b}`);
}

function show(value) {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

export function thrown(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** The next event of the type; its listener stays for this one only. */
export function next(target, type) {
  return new Promise((resolve) => {
    target.addEventListener(type, resolve, { once: true });
  });
}

/** Checks that each of the list has the attributes that Web IDL wants. */
export function looksLikeAnInterface(name, members = [], statics = []) {
  const constructor = globalThis[name];
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  equal([own.enumerable, own.writable, own.configurable], [false, true, true]);
  equal(constructor.name, name);
  equal(constructor.prototype[Symbol.toStringTag], name);
  for (const [object, names] of [
    [constructor.prototype, members],
    [constructor, statics],
  ]) {
    for (const member of names) {
      const descriptor = Object.getOwnPropertyDescriptor(object, member);
      if (descriptor === undefined) throw new Error(`${name} has no ${member}`);
      equal([member, descriptor.enumerable], [member, true]);
    }
  }
}
