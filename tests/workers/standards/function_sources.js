import { Buffer } from "node:buffer";
import { equal, serve, thrown } from "./harness.js";

const { toString } = Function.prototype;
const native = (name) => `function ${name}() { [native code] }`;

export default serve({
  thePlatformShowsNames() {
    for (const one of [fetch, Request, ReadableStream, URLPattern, structuredClone, CompressionStream]) {
      equal(one.toString(), native(one.name));
      equal(`${one}`, native(one.name));
      equal(toString.call(one), native(one.name));
    }
    equal(String(Response.json), native("json"));
    equal(String(new Response().text), native("text"));
    equal(String(crypto.subtle.digest), native("digest"));
    equal(String(toString), native("toString"));
    equal(String(Buffer.from).endsWith("{ [native code] }"), true);
  },
  aWorkerShowsItsSource() {
    equal(String(() => {}), "() => {}");
    equal(String(serve).startsWith("function serve("), true);
    equal(String(class A { b() {} }), "class A { b() {} }");
    equal(String(Array.prototype.map), native("map"));
  },
  itLooksLikeItDidBefore() {
    equal(toString.name + toString.length + ("prototype" in toString), "toString0false");
    equal(Object.keys(Object.getOwnPropertyDescriptors(Function.prototype)).includes("toString"), true);
    equal(Object.prototype.propertyIsEnumerable.call(Function.prototype, "toString"), false);
    equal(thrown(() => new toString()).name, "TypeError");
    const { message } = thrown(() => toString.call({}));
    equal(message, "Function.prototype.toString requires that 'this' be a Function");
  },
});
