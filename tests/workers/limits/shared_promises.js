// Requests that wait for each other's promises.

let shared;
let settle;
let gate;

export default {
  async fetch(request) {
    switch (new URL(request.url).pathname) {
      case "/hold": // its own promise, which it resolves when it is told to
        shared = new Promise((resolve) => {
          settle = resolve;
        });
        await scheduler.wait(300);
        settle("held");
        return new Response(await shared);
      case "/drop": // ends, and leaves its promise pending
        shared = new Promise(() => {});
        await scheduler.wait(300);
        return new Response("dropped");
      case "/share":
        return new Response(await shared);
      case "/share-all":
        return new Response((await Promise.all([shared, 1]))[0]);
      case "/share-returned":
        return shared.then((text) => new Response(text));
      case "/own": // its own promise, which only another request could resolve
        return new Response(
          await new Promise((resolve) => {
            gate = resolve;
          }),
        );
      case "/resolve-own":
        await scheduler.wait(300);
        gate("resolved");
        return new Response("did");
      case "/left": {
        // Waits for the one on the right, which then waits for this one.
        shared = (async () => {
          await scheduler.wait(100);
          return await gate;
        })();
        return new Response(await shared);
      }
      case "/right":
        gate = (async () => await shared)();
        return new Response(await gate);
    }
    return new Response("fine");
  },
};
