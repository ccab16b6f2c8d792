// Lies in wait for scripts that the runtime layer evaluates only when it needs them.

const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { Error, Function, Object, Proxy } = globalThis;
const { includes } = String.prototype;
const caught = [];
let quiet = true;

/** Notes what an internal caller hands over, if it is more than a string or number. */
function tap(owner, key, name) {
  const descriptor = getOwnPropertyDescriptor(owner, key);
  const original = descriptor?.value;
  if (typeof original !== "function" || !descriptor.configurable) return;
  const note = () => {
    if (quiet) return;
    quiet = true;
    if (apply(includes, new Error().stack, ["edgewright:lazy"])) caught[caught.length] = name;
    quiet = false;
  };
  descriptor.value = new Proxy(original, {
    apply(target, self, values) {
      note();
      return apply(target, self, values);
    },
    construct(target, values, newTarget) {
      note();
      return construct(target, values, newTarget);
    },
  });
  defineProperty(owner, key, descriptor);
}

const tappedNames = ["Map", "Set", "WeakMap", "Array", "Error", "TypeError", "Promise", "RegExp"];
for (const name of tappedNames) tap(globalThis, name, name);
for (const namespace of ["Object", "Reflect", "Array", "Number", "String", "Math", "JSON"]) {
  for (const key of ownKeys(globalThis[namespace])) {
    tap(globalThis[namespace], key, `${namespace}.${String(key)}`);
  }
}
for (const key of ["call", "apply", "bind"]) tap(Function.prototype, key, `Function.prototype.${key}`);
tap(Object.prototype, "hasOwnProperty", "Object.prototype.hasOwnProperty");

export default {
  fetch() {
    quiet = false;
    const { host } = new URL("http://bücher.example/");
    new HTMLRewriter().on("p", {});
    quiet = true;
    return Response.json({ host, caught: [...new Set(caught)] });
  },
};
