// A Worker as WebSocket client: of `env.SERVER` (ws://…), or of its own other end.

const wait = (socket, type) =>
  new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

const ROUTES = {
  async fetch(env, url) {
    const response = await fetch(`${env.HTTP}/echo`, {
      headers: { upgrade: "websocket", "sec-websocket-protocol": "a, b" },
    });
    const { webSocket } = response;
    const facts = [response.status, webSocket instanceof WebSocket, webSocket.url, webSocket.protocol];
    webSocket.accept();
    webSocket.send("hello");
    const { data } = await wait(webSocket, "message");
    webSocket.close(1000, "done");
    const { code, reason, wasClean } = await wait(webSocket, "close");
    return Response.json([...facts, data, code, reason, wasClean, webSocket.readyState]);
  },
  async constructor(env) {
    const events = [];
    const socket = new WebSocket(`${env.WS}/echo`, ["x", "y"]);
    events.push(socket.readyState, socket.protocol);
    socket.onerror = ({ message }) => events.push(message);
    await wait(socket, "open");
    events.push(socket.readyState, socket.protocol, socket.url === `${env.WS}/echo`);
    events.push(socket.extensions.split(";")[0]);
    socket.send(new Uint8Array([1, 2]));
    const { data } = await wait(socket, "message");
    events.push([...new Uint8Array(await data.arrayBuffer())]);
    socket.close(4000);
    const { code } = await wait(socket, "close");
    events.push(code, socket.readyState);
    socket.send("ignored");
    return Response.json(events);
  },
  async server_closes(env) {
    const socket = new WebSocket(`${env.WS}/bye`);
    const { code, reason, wasClean } = await wait(socket, "close");
    return Response.json([code, reason, wasClean, socket.readyState]);
  },
  async refused(env) {
    const socket = new WebSocket(`${env.WS}/refuse`);
    const [error, { code, reason, wasClean }] = await Promise.all([
      wait(socket, "error"),
      wait(socket, "close"),
    ]);
    const message = error.message.replace(/localhost:\d+/, "");
    const { status, webSocket } = await fetch(`${env.HTTP}/refuse`, { headers: { upgrade: "websocket" } });
    return Response.json([message, error.error.name, code, reason, wasClean, socket.readyState, status, webSocket]);
  },
  async closed_early(env) {
    const socket = new WebSocket(`${env.WS}/echo`);
    socket.close();
    const { message } = await wait(socket, "error");
    return Response.json([message, socket.readyState]);
  },
  async pair() {
    const { 0: one, 1: other } = new WebSocketPair();
    const events = [one.readyState, Object.keys(new WebSocketPair())];
    one.accept();
    one.send("before");
    other.accept();
    other.binaryType = "arraybuffer";
    other.addEventListener("message", ({ data }) => {
      events.push(data.byteLength ?? data);
      other.send(`re: ${data}`);
    });
    events.push("sync");
    const reply = (await wait(one, "message")).data;
    one.send(new Uint16Array([1, 2]));
    await wait(one, "message");
    one.close(4010, "so");
    events.push(reply, one.readyState);
    const [{ code, reason }, back] = await Promise.all([wait(other, "close"), wait(one, "close")]);
    events.push(code, reason, back.code, back.wasClean, one.readyState, other.readyState);
    return Response.json(events);
  },
  async mistakes(env) {
    const said = [];
    const attempt = (action) => {
      try {
        action();
        said.push("fine");
      } catch (error) {
        said.push(`${error.name}: ${error.message}`);
      }
    };
    attempt(() => new WebSocket("http://a/"));
    attempt(() => new WebSocket("ws://a/#b"));
    attempt(() => new WebSocket("no url"));
    attempt(() => new WebSocket("ws://a/", ["a", "a"]));
    attempt(() => new WebSocket("ws://a/", "a b"));
    attempt(() => new WebSocket("ws://a/", []));
    const { 0: one, 1: other } = new WebSocketPair();
    attempt(() => one.send("not accepted"));
    attempt(() => one.close());
    one.accept();
    attempt(() => one.accept());
    attempt(() => one.close(999));
    attempt(() => one.close(1005));
    attempt(() => one.close(undefined, "why"));
    attempt(() => one.close(1000, "x".repeat(124)));
    attempt(() => one.close(1000));
    attempt(() => one.send("after close"));
    attempt(() => new Response(null, { status: 101 }));
    attempt(() => new Response(null, { status: 200, webSocket: other }));
    attempt(() => new Response(null, { status: 101, webSocket: {} }));
    attempt(() => new Response(null, { status: 101, webSocket: other }).clone());
    attempt(() => (other.binaryType = "text"));
    return Response.json(said);
  },
  async attachment() {
    const { 0: one } = new WebSocketPair();
    const before = one.deserializeAttachment();
    const value = { at: new Date(5), list: [1, new Map([["a", 1]])] };
    one.serializeAttachment(value);
    value.list.push("not there");
    const { at, list } = one.deserializeAttachment();
    let error;
    try {
      one.serializeAttachment("x".repeat(20_000));
    } catch (thrown) {
      error = thrown.message;
    }
    return Response.json([before, at.getTime(), list.length, list[1].get("a"), error.slice(0, 50)]);
  },
  async not_asked() {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  },
  /** Leaves it to the origin. */
  fails(env, request, ctx) {
    ctx.passThroughOnException();
    throw new Error("as it should");
  },
  /** Passes the connection on, untouched. */
  proxy(env, request) {
    return fetch(`${env.HTTP}/${new URL(request.url).searchParams.get("to")}`, request);
  },
  /** Stands in between. */
  async between(env, request) {
    const { webSocket: upstream } = await fetch(`${env.HTTP}/echo`, request);
    const { 0: client, 1: server } = new WebSocketPair();
    for (const [from, to] of [
      [server, upstream],
      [upstream, server],
    ]) {
      from.accept({ allowHalfOpen: true });
      from.addEventListener("message", ({ data }) => to.send(`${data}!`));
      from.addEventListener("close", ({ code, reason }) => to.close(code === 1006 ? 1011 : code, reason));
    }
    return new Response(null, { status: 101, webSocket: client });
  },
  async headers(env) {
    const { webSocket } = await fetch(`${env.HTTP}/headers`, {
      headers: { upgrade: "websocket", "sec-websocket-key": "mine", "x-mine": "yes" },
    });
    webSocket.accept();
    const { data } = await wait(webSocket, "message");
    return new Response(data);
  },
  /** Asks many at once, which count as subrequests. */
  async many(env) {
    const sockets = Array.from({ length: 60 }, () => new WebSocket(`${env.WS}/echo`));
    const ends = await Promise.all(
      sockets.map((socket) =>
        Promise.race([
          wait(socket, "open").then(() => socket.close() ?? "open"),
          wait(socket, "error").then(({ message }) => message),
        ]),
      ),
    );
    const count = (what) => ends.filter((end) => end === what).length;
    return Response.json([count("open"), count("Too many subrequests.")]);
  },
};

export default {
  fetch(request, env, ctx) {
    return ROUTES[new URL(request.url).pathname.slice(1)](env, request, ctx);
  },
};
