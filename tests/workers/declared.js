// Tells what there is of the names that it is asked for: { classes, values, modules } in, what it sees
// out.

export default {
  async fetch(request, env, ctx) {
    const { classes, values, modules } = await request.json();
    const instances = { ctx, Immediate: immediate() };
    const valueOf = (path) => (path in instances ? instances[path] : lookUp(path));
    return Response.json({
      classes: Object.fromEntries(classes.map((path) => [path, describeClass(lookUp(path))])),
      values: Object.fromEntries(values.map((path) => [path, describeValue(valueOf(path))])),
      modules: Object.fromEntries(await Promise.all(modules.map(async (name) => [name, await exportsOf(name)]))),
    });
  },
};

async function exportsOf(module) {
  try {
    return Object.keys(await import(module));
  } catch {
    return null;
  }
}

function immediate() {
  return typeof setImmediate === "function" ? setImmediate(() => {}) : undefined;
}

/** The value of "WebAssembly.Module". */
function lookUp(path) {
  return path.split(".").reduce((object, name) => object?.[name], globalThis);
}

function describeClass(constructor) {
  if (constructor === undefined) return null;
  if (typeof constructor !== "function" || !isConstructor(constructor)) return { kind: "other" };
  return {
    kind: refuses(constructor) ? "abstract" : "concrete",
    parent: Object.getPrototypeOf(constructor.prototype)?.constructor?.name ?? null,
    instance: membersOf(constructor.prototype, Object.prototype),
    static: membersOf(constructor, Function.prototype),
  };
}

function isConstructor(value) {
  try {
    Reflect.construct(Object, [], value);
    return true;
  } catch {
    return false;
  }
}

function refuses(constructor) {
  try {
    new constructor();
    return false;
  } catch (error) {
    return error instanceof TypeError && /illegal/i.test(error.message);
  }
}

function describeValue(value) {
  if (value === undefined) return null;
  const isObject = typeof value === "object" && value !== null;
  return { type: typeof value, members: isObject ? membersOf(value, Object.prototype) : {} };
}

/** Kinds of all properties up to a prototype that everything has. */
function membersOf(object, end) {
  const members = { __proto__: null };
  for (let at = object; at !== null && at !== end; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      const name = typeof key === "symbol" ? `[${key.description}]` : key;
      members[name] ??= kindOf(Object.getOwnPropertyDescriptor(at, key));
    }
  }
  return members;
}

function kindOf({ get, set, value, writable }) {
  if (get !== undefined || set !== undefined) return "getter";
  if (typeof value === "function") return "method";
  return writable ? "value" : "constant";
}
