// connect() of cloudflare:sockets, to `env.HOST`:`env.PORT`.

import { connect } from "cloudflare:sockets";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function readAll(readable) {
  let text = "";
  for await (const chunk of readable) text += decoder.decode(chunk);
  return text;
}

async function readSome(reader) {
  const { value, done } = await reader.read();
  return done ? null : decoder.decode(value);
}

async function failure(promise) {
  try {
    return `resolved: ${await promise}`;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

const ROUTES = {
  async line(env) {
    const socket = connect({ hostname: env.HOST, port: env.PORT });
    const { remoteAddress, localAddress } = await socket.opened;
    const writer = socket.writable.getWriter();
    await writer.write(encoder.encode("hello\n"));
    const reader = socket.readable.getReader();
    const line = await readSome(reader);
    await socket.close();
    await socket.closed;
    return Response.json([line, remoteAddress === env.ADDRESS, localAddress !== "", socket.upgraded]);
  },
  /** Writes before there is a connection. */
  async by_string(env) {
    const socket = connect(env.ADDRESS, { allowHalfOpen: true });
    const writer = socket.writable.getWriter();
    writer.write(encoder.encode("all at once\n"));
    writer.close();
    return new Response(await readAll(socket.readable));
  },
  async response(env) {
    const socket = connect(env.ADDRESS);
    const writer = socket.writable.getWriter();
    await writer.write(encoder.encode("send 1000000\n"));
    return new Response(socket.readable);
  },
  async upload(env, request) {
    const socket = connect(env.ADDRESS, { allowHalfOpen: true });
    const sending = request.body.pipeTo(socket.writable);
    const answer = await readAll(socket.readable);
    await sending;
    await socket.closed;
    return new Response(answer);
  },
  async byob(env) {
    const socket = connect(env.ADDRESS);
    const writer = socket.writable.getWriter();
    await writer.write(encoder.encode("abcdef\n"));
    const reader = socket.readable.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(3));
    await socket.close();
    return new Response(decoder.decode(value));
  },
  /** The other side ends; this one's writable is closed along. */
  async ends(env) {
    const socket = connect(env.ADDRESS);
    const writer = socket.writable.getWriter();
    await writer.write(encoder.encode("bye\n"));
    writer.releaseLock();
    const text = await readAll(socket.readable);
    await socket.closed;
    const late = await failure(socket.writable.getWriter().write(encoder.encode("x")));
    return Response.json([text, late.split(":")[0]]);
  },
  async refused(env) {
    const socket = connect({ hostname: env.HOST, port: env.CLOSED_PORT });
    const [opened, closed, read, write] = await Promise.all([
      failure(socket.opened),
      failure(socket.closed),
      failure(socket.readable.getReader().read()),
      failure(socket.writable.getWriter().write(encoder.encode("x"))),
    ]);
    return Response.json([opened, closed === opened, read === opened, write === opened]);
  },
  async port_25(env) {
    return new Response(await failure(connect({ hostname: env.HOST, port: 25 }).opened));
  },
  async lost(env) {
    const socket = connect(env.ADDRESS);
    const writer = socket.writable.getWriter();
    await writer.write(encoder.encode("abort\n"));
    return Response.json([await failure(readAll(socket.readable)), await failure(socket.closed)]);
  },
  async close_early(env) {
    const socket = connect(env.ADDRESS);
    socket.close();
    return Response.json([await failure(socket.opened), await failure(socket.closed)]);
  },
  async tls(env) {
    const socket = connect({ hostname: "localhost", port: env.PORT }, { secureTransport: "on" });
    await socket.opened;
    const writer = socket.writable.getWriter();
    await writer.write(encoder.encode("secret\n"));
    const line = await readSome(socket.readable.getReader());
    await socket.close();
    return Response.json([line, socket.secureTransport]);
  },
  async wrong_name(env) {
    const socket = connect({ hostname: env.HOST, port: env.PORT }, { secureTransport: "on" });
    return new Response(await failure(socket.opened));
  },
  async starttls(env) {
    const socket = connect(
      { hostname: env.HOST, port: env.PORT },
      { secureTransport: "starttls" },
    );
    const writer = socket.writable.getWriter();
    const reader = socket.readable.getReader();
    await writer.write(encoder.encode("plain\n"));
    const plain = await readSome(reader);
    await writer.write(encoder.encode("starttls\n"));
    const ready = await readSome(reader);
    writer.releaseLock();
    reader.releaseLock();
    const secure = socket.startTls({ expectedServerHostname: "localhost" });
    await socket.closed;
    await secure.opened;
    await secure.writable.getWriter().write(encoder.encode("secret\n"));
    const answer = await readSome(secure.readable.getReader());
    await secure.close();
    const again = await failure((async () => socket.startTls())());
    return Response.json([plain, ready, answer, socket.upgraded, secure.secureTransport, again]);
  },
  async mistakes(env) {
    const said = [];
    for (const attempt of [
      () => connect("no port"),
      () => connect({ hostname: "", port: 1 }),
      () => connect({ hostname: "a/b", port: 1 }),
      () => connect({ hostname: "a", port: 70_000 }),
      () => connect(env.ADDRESS, { secureTransport: "maybe" }),
      () => connect(),
      () => connect(env.ADDRESS).startTls(),
      () => new (connect(env.ADDRESS).constructor)(),
      () => connect(env.ADDRESS).writable.getWriter().write("text"),
    ]) {
      said.push(await failure((async () => attempt())()));
    }
    return Response.json(said);
  },
  /** Leaves it open. */
  async leaves(env) {
    const socket = connect(env.ADDRESS);
    await socket.opened;
    globalThis.left = socket;
    return new Response("left");
  },
  async other() {
    return new Response(await failure(globalThis.left.close()));
  },
  /** The other side reads nothing. */
  async stuck(env, request, ctx) {
    const socket = connect(env.ADDRESS);
    const writer = socket.writable.getWriter();
    await writer.write(encoder.encode("pause\n"));
    let written = 0;
    const chunk = new Uint8Array(100_000);
    while (written < 100_000_000) {
      const slow = new Promise((resolve) => setTimeout(resolve, 300, "slow"));
      if ((await Promise.race([writer.write(chunk), slow])) === "slow") break;
      written += chunk.byteLength;
    }
    await socket.close();
    return new Response(`${written}`);
  },
};

export default {
  fetch(request, env, ctx) {
    return ROUTES[new URL(request.url).pathname.slice(1)](env, request, ctx);
  },
};
