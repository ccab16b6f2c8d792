export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const from = searchParams.get("from");
    const count = Number(searchParams.get("count") ?? 0);
    switch (pathname) {
      case "/count": {
        const results = [];
        for (let i = 0; i < count; i++) {
          results.push(
            await fetch(`${from}/hello`).then(
              (response) => response.status,
              (error) => String(error),
            ),
          );
        }
        return Response.json(results);
      }
      case "/redirects":
        return fetch(`${from}/loop`).then(
          (response) => response,
          (error) => new Response(String(error)),
        );
      case "/parallel": {
        const all = Array.from({ length: count }, async () => {
          const response = await fetch(`${from}/delay/50`);
          return response.text();
        });
        return Response.json(await Promise.all(all));
      }
      case "/unread": {
        // All heads are waited for before a body is read: with too few connections, for good.
        const all = Array.from({ length: count }, () => fetch(`${from}/bytes/1000000`));
        const responses = await Promise.all(all);
        const results = [];
        for (const response of responses) {
          try {
            results.push((await response.bytes()).byteLength);
          } catch (error) {
            results.push(String(error));
          }
        }
        return Response.json(results);
      }
      case "/cancelled": {
        for (let i = 0; i < count; i++) {
          const response = await fetch(`${from}/bytes/1000000`);
          await response.body.cancel();
        }
        return new Response("all");
      }
      case "/aborted": {
        const controllers = Array.from({ length: count }, () => new AbortController());
        const all = controllers.map(({ signal }) => fetch(`${from}/hang`, { signal }).catch(String));
        await scheduler.wait(50);
        for (const controller of controllers) controller.abort();
        await Promise.all(all);
        return fetch(`${from}/hello`);
      }
    }
  },
};
