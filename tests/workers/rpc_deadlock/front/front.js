// Calls a Worker that calls back, which waits for what only the first request could do.
import { WorkerEntrypoint } from "cloudflare:workers";

let release;
let shared;

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/waits") return new Response(await shared);
    shared = new Promise((resolve) => {
      release = resolve;
    });
    await this.env.BACK[pathname.slice(1)](2);
    release("released");
    return new Response(await shared);
  }

  async waits() {
    return await shared;
  }

  async hops(left) {
    return await this.env.BACK.hops(left);
  }

  async answers() {
    return "at once";
  }
}
