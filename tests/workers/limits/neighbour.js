// Every Worker here misbehaves at "/"; its neighbour in the same isolate must not notice.

let count = 0;

export function withNeighbour(misbehave) {
  return {
    async fetch(request, env, ctx) {
      const { pathname } = new URL(request.url);
      switch (pathname) {
        case "/neighbour":
          await scheduler.wait(100);
          await scheduler.wait(100);
          return new Response("fine");
        case "/count": // which tells whether it is still the same isolate
          count++;
          return new Response(String(count));
        default:
          return misbehave(request, env, ctx);
      }
    },
  };
}
