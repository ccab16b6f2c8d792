// Sockets and the requests that they belong to. `env.WS` is a WebSocket server that echoes, at once
// or later; `env.TCP` a server that says something when it is spoken to.

import { AsyncLocalStorage } from "node:async_hooks";
import { connect } from "cloudflare:sockets";

const wait = (socket, type) =>
  new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

async function failure(action) {
  try {
    return `fine: ${await action()}`;
  } catch (error) {
    return error.message;
  }
}

/** What was said to whoever tried it in the global scope. */
const refusals = [() => new WebSocket("ws://h/"), () => connect("h:1")].map((attempt) => {
  try {
    return `fine: ${attempt()}`;
  } catch (error) {
    return error.message;
  }
});

let left;
const storage = new AsyncLocalStorage();

const ROUTES = {
  refused: () => Response.json(refusals),
  /** Keeps what belongs to it, and stays. */
  async keeps(env, request, ctx) {
    const socket = new WebSocket(`${env.WS}/echo`);
    await wait(socket, "open");
    const { webSocket } = await fetch(env.WS.replace("ws", "http"), { headers: { upgrade: "websocket" } });
    const { 0: one, 1: other } = new WebSocketPair();
    const tcp = connect(env.TCP);
    await tcp.opened;
    left = { socket, webSocket, one, other, tcp };
    ctx.waitUntil(scheduler.wait(2000));
    return new Response("kept");
  },
  /** Uses what another request has kept. */
  async uses() {
    const { socket, webSocket, one, tcp } = left;
    const data = new Uint8Array(1);
    return Response.json([
      await failure(() => socket.send("x")),
      await failure(() => socket.close()),
      await failure(() => webSocket.accept()),
      await failure(() => one.accept()),
      await failure(() => tcp.close()),
      await failure(() => tcp.startTls()),
      await failure(() => tcp.readable.getReader().read()),
      await failure(() => tcp.writable.getWriter().write(data)),
    ]);
  },
  /** Gives its client what another request has kept. */
  gives: () => new Response(null, { status: 101, webSocket: left.other }),
  /** Nothing can ever come of two ends that nobody speaks on. */
  async pair() {
    const { 0: one, 1: other } = new WebSocketPair();
    one.accept();
    other.accept();
    return Response.json((await wait(one, "message")).data);
  },
  /** Something may come, and after a while does. */
  async slow(env) {
    const socket = new WebSocket(`${env.WS}/slow`);
    return new Response((await wait(socket, "message")).data);
  },
  async slow_tcp(env) {
    const { value } = await connect(env.TCP).readable.getReader().read();
    return new Response(new TextDecoder().decode(value));
  },
  /** Waits for what can't come any more. */
  async after_the_end(env) {
    const socket = new WebSocket(`${env.WS}/echo`);
    await wait(socket, "open");
    socket.close(1000);
    await wait(socket, "close");
    return new Response((await wait(socket, "message")).data);
  },
  async context(env) {
    const seen = [];
    const note = ({ type }) => seen.push(`${type} ${storage.getStore()}`);
    const socket = storage.run("constructor", () => new WebSocket(`${env.WS}/echo`));
    for (const type of ["open", "message", "close"]) socket.addEventListener(type, note);
    await wait(socket, "open");
    socket.send("x");
    await wait(socket, "message");
    socket.close(1000);
    await wait(socket, "close");
    const { 0: one, 1: other } = new WebSocketPair();
    other.addEventListener("message", note);
    storage.run("accept", () => other.accept());
    one.accept();
    storage.run("send", () => one.send("x"));
    await wait(other, "message");
    return Response.json(seen);
  },
  /** Opens many at once. */
  async many(env) {
    const sockets = Array.from({ length: 15 }, () => new WebSocket(`${env.WS}/late`));
    await Promise.all(sockets.map((socket) => wait(socket, "open")));
    const open = sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length;
    for (const socket of sockets) socket.close();
    return Response.json(open);
  },
  async many_tcp(env) {
    const one = async () => {
      const socket = connect(env.TCP);
      await socket.readable.getReader().read();
      await socket.close();
    };
    await Promise.all(Array.from({ length: 15 }, one));
    return new Response("done");
  },
};

export default {
  async fetch(request, env, ctx) {
    return ROUTES[new URL(request.url).pathname.slice(1)](env, request, ctx);
  },
};
