// A Worker as WebSocket server.

const seen = [];


const ROUTES = {
  /** Says back what it hears, and how it was told. */
  echo(server) {
    server.accept();
    server.binaryType = "arraybuffer";
    server.addEventListener("message", ({ data }) => {
      server.send(typeof data === "string" ? data : data.slice(0));
    });
  },
  hello(server) {
    server.accept();
    server.send("one");
    server.send(new Uint8Array([1, 2, 3]));
    server.send("two");
  },
  /** Closes when told so: "4001 because". */
  closing(server) {
    server.accept();
    server.onmessage = ({ data }) => {
      const [code, reason] = data.split(" ");
      server.close(code === "none" ? undefined : Number(code), reason);
      server.close(1000, "a second time");
    };
    server.onclose = (event) => note("close", event, server);
  },
  watch(server) {
    server.accept();
    server.addEventListener("message", (event) => {
      seen.push(["message", event.data, server.readyState]);
    });
    server.addEventListener("close", (event) => note("close", event, server));
    server.addEventListener("error", (event) => seen.push(["error", event.message]));
  },
  half(server) {
    server.accept({ allowHalfOpen: true });
    server.addEventListener("close", (event) => {
      note("close", event, server);
      server.send("last words");
      server.close(4002, "in return");
      seen.push(["state", server.readyState]);
    });
  },
  kinds(server) {
    server.accept();
    server.addEventListener("message", async ({ data }) => {
      const kind = Object.prototype.toString.call(data);
      const text = data instanceof Blob ? await data.text() : new TextDecoder().decode(data);
      server.send(`${server.binaryType} ${kind} ${text}`);
      server.binaryType = "arraybuffer";
    });
  },
  flood(server) {
    server.accept();
    server.addEventListener("message", () => {
      const chunk = new Uint8Array(50_000);
      for (let i = 0; i < 200; i++) server.send(chunk);
      seen.push(["buffered", server.bufferedAmount]);
      server.send("end");
    });
  },
  throws(server) {
    server.accept();
    server.addEventListener("message", () => {
      throw new Error("in a listener");
    });
    server.addEventListener("message", ({ data }) => server.send(`still ${data}`));
  },
  spin(server) {
    server.accept();
    server.addEventListener("message", () => {
      for (;;);
    });
  },
  deaf() {},
};

function note(what, event, server) {
  seen.push([what, event.code, event.reason, event.wasClean, server.readyState]);
}

export default {
  async fetch(request, env, ctx) {
    const name = new URL(request.url).pathname.slice(1);
    if (name === "seen") return Response.json(seen);
    if (name === "refuse") return new Response("not here", { status: 403 });
    if (name === "headers") {
      return Response.json(["upgrade", "sec-websocket-key"].map((h) => request.headers.get(h)));
    }
    const { 0: client, 1: server } = new WebSocketPair();
    if (name === "waits") {
      ctx.waitUntil(scheduler.wait(50).then(() => ROUTES.echo(server)));
    } else {
      ROUTES[name](server);
    }
    const headers = { "x-worker": "yes" };
    const asked = request.headers.get("sec-websocket-protocol");
    if (asked) headers["sec-websocket-protocol"] = asked.split(", ").at(-1);
    return new Response(null, { status: 101, webSocket: client, headers });
  },
};
