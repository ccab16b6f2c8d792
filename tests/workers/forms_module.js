export default {
  async fetch(request, env, ctx) {
    return Response.json({
      form: "module",
      greeting: env.GREETING,
      nested: env.NESTED,
      method: request.method,
      url: request.url,
      ctx: typeof ctx.waitUntil,
      global: typeof globalThis.GREETING,
      self: this === worker,
    });
  },
};
import worker from "./forms_module.js";
