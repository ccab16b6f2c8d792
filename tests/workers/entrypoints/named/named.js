// Several exports that can be called.
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint {
  fetch(request) {
    return Response.json({ default: request.url, env: this.env.TEXT, props: this.ctx.props });
  }
}

export class Admin extends WorkerEntrypoint {
  async fetch(request) {
    return Response.json({ admin: request.headers.get("x-a"), props: this.ctx.props });
  }
}

export const object = {
  fetch(request, env, ctx) {
    return Response.json({ object: env.TEXT, props: ctx.props, self: this === object });
  },
};

export class Silent extends WorkerEntrypoint {}

export const text = "no entrypoint";
