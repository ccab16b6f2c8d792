// For tests in the words of a Worker: each is called in a request of its own, and what it throws is
// told.

export function equal(got, expected) {
  if (got !== expected) throw new Error(`got ${String(got)}, not ${String(expected)}`);
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

export function serve(tests) {
  return {
    async fetch(request) {
      const name = new URL(request.url).pathname.slice(1);
      if (name === "") return Response.json(Object.keys(tests));
      try {
        await tests[name](request);
        return new Response("ok");
      } catch (error) {
        return new Response(error?.stack ?? `${error}`);
      }
    },
  };
}
