// WebSockets that are at their limits.

const ended = (socket) =>
  new Promise((resolve) => {
    const events = [];
    socket.addEventListener("error", ({ message }) => events.push(message));
    socket.addEventListener("close", ({ code }) => resolve([...events, code]));
  });

/** Some milliseconds of work. */
function burn() {
  let sum = 0;
  for (let i = 0; i < 8e6; i++) sum = Math.imul(sum, 31) + i;
  return sum;
}

const SERVED = {
  /** Tells how long a message is. */
  measures(server) {
    server.addEventListener("message", ({ data }) => server.send(`${data.length ?? data.size}`));
  },
  burn(server) {
    server.addEventListener("message", () => server.send(`${burn()}`));
  },
  /** The first message starts work that goes on by itself. */
  goes_on(server) {
    const step = () => {
      burn();
      setTimeout(step, 1);
    };
    server.addEventListener("message", step);
  },
  /** Says as much as it is asked to. */
  says(server) {
    server.addEventListener("message", ({ data }) => {
      const [size, text] = JSON.parse(data);
      try {
        server.send(text ? "ü".repeat(size / 2) : new Uint8Array(size));
      } catch (error) {
        server.send(`${error.name}: ${error.message}`);
      }
    });
  },
};

const ROUTES = {
  /** An upstream says too much. */
  async hears(env) {
    const { webSocket } = await fetch(`${env.HTTP}/large`, { headers: { upgrade: "websocket" } });
    webSocket.accept();
    return Response.json(await ended(webSocket));
  },
  /** What an upstream says goes to the client, untouched. */
  passes: (env, request) => fetch(`${env.HTTP}/${request.headers.get("x-path")}`, request),
};

export default {
  fetch(request, env) {
    const name = new URL(request.url).pathname.split("/")[1];
    if (!(name in SERVED)) return ROUTES[name](env, request);
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    SERVED[name](server);
    return new Response(null, { status: 101, webSocket: client });
  },
};
