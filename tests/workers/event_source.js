// Connects to the upstream's events.

export default {
  async fetch(request, env) {
    const seen = [];
    const source = new EventSource(`${env.UPSTREAM}${new URL(request.url).pathname}`);
    await new Promise((resolve) => {
      source.onopen = () => seen.push("open");
      source.onmessage = ({ data, lastEventId, origin }) => {
        seen.push([data, lastEventId, origin === env.UPSTREAM]);
        if (seen.filter(Array.isArray).length === 2) resolve();
      };
      source.onerror = ({ error }) => {
        seen.push([`${error}`, source.readyState].join());
        if (source.readyState === EventSource.CLOSED) resolve();
      };
    });
    source.close();
    return Response.json(seen);
  },
};
