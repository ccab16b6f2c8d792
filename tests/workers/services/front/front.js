// Asks the Worker behind it, and itself.
let release;
let shared;

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/loop": {
        const depth = Number(request.headers.get("x-depth") ?? 1);
        const response = await env.SELF.fetch(request.url, { headers: { "x-depth": depth + 1 } });
        if (response.status !== 200) return new Response(`${depth}: ${await response.text()}`);
        return response;
      }
      case "/throws":
        try {
          await env.BACK.fetch(request);
        } catch (error) {
          return new Response(`caught ${error.name}: ${error.message}`);
        }
        return new Response("nothing was thrown");
      case "/many": {
        const answers = await Promise.all(
          Array.from({ length: 4 }, (_, i) => env.BACK.fetch(`http://x/many?${url.searchParams}&i=${i}`)),
        );
        return new Response((await Promise.all(answers.map((answer) => answer.text()))).join());
      }
      case "/deadlock":
        // The one behind asks us again, and that waits for what only this request could do.
        await env.BACK.fetch("http://x/deadlock");
        release?.();
        return new Response("never");
      case "/waits":
        await new Promise((resolve) => {
          release = resolve;
        });
        return new Response("never");
      case "/deadlock-shared":
        // What was asked in the end waits for a promise of this one.
        shared = new Promise((resolve) => {
          release = resolve;
        });
        await env.BACK.fetch(`http://x/again?hops=${url.searchParams.get("hops")}`);
        release("released");
        return new Response(await shared);
      case "/shared": {
        const hops = Number(url.searchParams.get("hops"));
        if (hops > 0) return env.BACK.fetch(`http://x/again?hops=${hops - 1}`);
        return new Response(await shared);
      }
      case "/abort": {
        const answer = env.BACK.fetch("http://x/slow", { signal: AbortSignal.timeout(50) });
        return new Response(await answer.catch((error) => error.name));
      }
      case "/kind":
        return Response.json({
          name: env.BACK.constructor.name,
          keys: Object.keys(env),
          illegal: (() => {
            try {
              return new Fetcher("back");
            } catch (error) {
              return error.message;
            }
          })(),
        });
    }
    return env.BACK.fetch(request);
  },
};
