import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/logs/")) return this.env.LOGS.fetch(`http://l${pathname.slice(5)}`);
    console.log("at", pathname);
    if (pathname === "/throws") throw new TypeError("out of the producer");
    if (pathname === "/rpc") return new Response(await this.env.SELF.hello());
    return new Response("ok", { status: 201 });
  }

  hello() {
    return "hello";
  }
}
