// Reaches for what it is told to, in the way that it is told to.
import { connect } from "cloudflare:sockets";

const WAYS = {
  async fetch(url) {
    const response = await fetch(url);
    return `${response.status} ${await response.text()}`;
  },
  async upgrade(url) {
    const { status, webSocket } = await fetch(url, { headers: { upgrade: "websocket" } });
    return `${status} ${webSocket}`;
  },
  websocket(url) {
    const socket = new WebSocket(url.replace("http", "ws"));
    return new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve("open"));
      socket.addEventListener("error", ({ error }) => reject(error));
    });
  },
  async connect(url) {
    const { hostname, port } = new URL(url);
    await connect({ hostname, port: Number(port || 80) }).opened;
    return "open";
  },
};

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    try {
      return new Response(await WAYS[searchParams.get("way")](searchParams.get("url")));
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`);
    }
  },
};
