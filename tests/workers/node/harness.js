// A Worker that runs the test that the path names, and answers "ok".

export function serve(tests) {
  return {
    async fetch(request, env, ctx) {
      const name = new URL(request.url).pathname.slice(1);
      await tests[name]({ request, env, ctx });
      return new Response("ok");
    },
  };
}

export function equal(got, expected) {
  if (!Object.is(got, expected)) throw new Error(`got ${String(got)}, not ${String(expected)}`);
}

export function same(got, expected) {
  equal(JSON.stringify(got), JSON.stringify(expected));
}

export function thrown(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

export async function rejected(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not reject");
}
