// Tries to make code from strings, by every way there is.

const GeneratorFunction = (function* () {}).constructor;
const AsyncFunction = (async () => {}).constructor;
const AsyncGeneratorFunction = (async function* () {}).constructor;

const WAYS = {
  eval: () => eval("1"),
  "indirect eval": () => (0, eval)("1"),
  Function: () => Function("return 1"),
  "new Function": () => new Function("return 1"),
  "constructor of a function": () => (() => {}).constructor("return 1"),
  "constructor of a platform class": () => Response.constructor("return 1"),
  GeneratorFunction: () => GeneratorFunction("yield 1"),
  AsyncFunction: () => AsyncFunction("await 1"),
  AsyncGeneratorFunction: () => AsyncGeneratorFunction("yield 1"),
  "Reflect.construct": () => Reflect.construct(Function, ["return 1"], class {}),
  setTimeout: () => setTimeout("1", 0),
  setInterval: () => setInterval("1", 0),
};

function attempt(way) {
  try {
    way();
    return "it worked";
  } catch (error) {
    return `${error}`;
  }
}

const result = () => Object.fromEntries(Object.entries(WAYS).map(([name, way]) => [name, attempt(way)]));
const atStart = result();

export default {
  fetch(request) {
    if (request.url.endsWith("/lazy")) return new Response(new URL("http://bücher.example/").host);
    return Response.json({ atStart, inRequest: result(), harmless: eval({ a: 1 }).a });
  },
};
