import { name, count } from "./lib/static.js";
import * as again from "./lib/static.js";

export default {
  async fetch(request) {
    const which = new URL(request.url).searchParams.get("which");
    if (which !== null) {
      try {
        return Response.json({ value: (await import(`./lib/${which}.js`)).default });
      } catch (error) {
        return Response.json({ error: String(error) });
      }
    }
    const dynamic = await import("./lib/dynamic.js");
    return Response.json({
      name,
      count: count(),
      same: again.count === count,
      dynamic: dynamic.default,
      url: import.meta.url,
    });
  },
};
