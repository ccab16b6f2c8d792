// The edge of a chat room: lets people in, says who speaks, and keeps out what does not belong
// there. The room itself is a server of its own (room.py), as two requests share no sockets.

import page from "./page.html";

const LONGEST_NAME = 20;
const LONGEST_TEXT = 500;

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/") {
      return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    if (pathname !== "/room") return new Response("There is no such page.\n", { status: 404 });
    if (request.headers.get("upgrade") !== "websocket") {
      return new Response("This is for WebSockets.\n", { status: 426 });
    }
    const name = searchParams.get("name")?.trim();
    if (!name || name.length > LONGEST_NAME) {
      return new Response("A name has 1 to 20 characters.\n", { status: 400 });
    }
    const room = await enter(env.ROOM);
    if (room === null) return new Response("The room is closed.\n", { status: 502 });
    const { 0: client, 1: guest } = new WebSocketPair();
    stand(guest, room, name);
    return new Response(null, { status: 101, webSocket: client });
  },
};

async function enter(room) {
  try {
    const { webSocket } = await fetch(room, { headers: { upgrade: "websocket" } });
    return webSocket;
  } catch (error) {
    console.error(error);
    return null;
  }
}

/** Between a guest and the room, until one of them leaves. */
function stand(guest, room, name) {
  guest.accept();
  room.accept();
  room.send(JSON.stringify({ name, event: "came" }));

  guest.addEventListener("message", ({ data }) => {
    if (typeof data !== "string" || data.length > LONGEST_TEXT) {
      guest.close(1008, "Only short texts, please.");
    } else if (data.trim() !== "") {
      room.send(JSON.stringify({ name, text: data }));
    }
  });
  room.addEventListener("message", ({ data }) => {
    if (guest.readyState === WebSocket.OPEN) guest.send(data);
  });

  guest.addEventListener("close", () => room.close(1000));
  room.addEventListener("close", () => guest.close(1001, "The room is closed."));
}
