// Looks for names on the global object that are neither the language's nor the platform's.

const suspicious = (name) => /_|^Deno|[pP]ydeno|[hH]ost/.test(name);
const atStart = Reflect.ownKeys(globalThis).map(String).filter(suspicious);

export default {
  fetch() {
    const now = Reflect.ownKeys(globalThis).map(String).filter(suspicious);
    return Response.json([...atStart, ...now]);
  },
};
