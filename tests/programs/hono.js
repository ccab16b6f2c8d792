// A program with Hono (https://hono.dev): middleware, validation, sub-applications, streams, forms.
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { getCookie, getSignedCookie, setCookie, setSignedCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { html } from "hono/html";
import { HTTPException } from "hono/http-exception";
import { sign, verify } from "hono/jwt";
import { logger } from "hono/logger";
import { proxy } from "hono/proxy";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE, streamText } from "hono/streaming";
import { timeout } from "hono/timeout";
import { validator } from "hono/validator";

const app = new Hono();

app.use(logger());
app.use("/secure/*", secureHeaders());
app.use("/id", requestId());
app.get("/id", (c) => c.json({ id: c.get("requestId") }));
app.get("/secure/page", (c) => c.html(html`<p>${"<escaped>"}</p>`));

app.get("/users/:id{[0-9]+}", (c) => c.json({ user: Number(c.req.param("id")) }));
app.get("/search", (c) => c.json({ q: c.req.query("q"), tags: c.req.queries("tag") }));

const checked = validator("json", (value, c) => {
  if (typeof value.title !== "string") return c.json({ error: "title is missing" }, 400);
  return { title: value.title };
});
app.post("/posts", checked, (c) => c.json(c.req.valid("json"), 201));

app.post("/upload", async (c) => {
  const { note, file } = await c.req.parseBody();
  return c.json({ note, name: file.name, type: file.type, text: await file.text() });
});
app.post("/small", bodyLimit({ maxSize: 10 }), async (c) => c.text(await c.req.text()));

app.use("/api/*", cors({ origin: "https://app.test", allowMethods: ["GET", "PUT"] }));
app.put("/api/thing", (c) => c.body(null, 204));

app.use("/private/*", bearerAuth({ token: "secret" }));
app.get("/private/page", (c) => c.text("private"));

app.get("/cookies", async (c) => {
  setCookie(c, "seen", "yes", { httpOnly: true, maxAge: 60 });
  await setSignedCookie(c, "user", "ann", "key");
  return c.json({ seen: getCookie(c, "seen"), user: await getSignedCookie(c, "key", "user") });
});

app.get("/etag", etag(), (c) => c.text("the same every time"));
app.get("/compressed", (c) => {
  const { body } = new Response("again and ".repeat(1000));
  return new Response(body.pipeThrough(new CompressionStream("gzip")), {
    headers: { "content-encoding": "gzip" },
    encodeBody: "manual",
  });
});

app.get("/stream", (c) =>
  streamText(c, async (stream) => {
    for (const word of ["one", "two", "three"]) {
      await stream.writeln(word);
      await stream.sleep(5);
    }
  }),
);
app.get("/events", (c) =>
  streamSSE(c, async (stream) => {
    for (let id = 0; id < 3; id++) {
      await stream.writeSSE({ id: `${id}`, event: "count", data: JSON.stringify({ id }) });
    }
  }),
);

app.get("/token", async (c) => {
  const token = await sign({ sub: "ann", exp: 4102444800 }, c.env.KEY, "HS256");
  return c.json(await verify(token, c.env.KEY, "HS256"));
});

app.get("/slow", timeout(20), async (c) => {
  await new Promise((resolve) => setTimeout(resolve, 5000));
  return c.text("too late");
});

app.get("/proxied/*", (c) => proxy(`${c.env.ORIGIN}${c.req.path}`, { headers: { "x-by": "hono" } }));
app.get("/later", (c) => {
  c.executionCtx.waitUntil(fetch(`${c.env.ORIGIN}/later`).then((response) => response.text()));
  return c.text("now");
});

const admin = new Hono().basePath("/admin");
admin.get("/", (c) => c.text("admin"));
admin.get("/refused", () => {
  throw new HTTPException(403, { message: "not you" });
});
admin.get("/broken", () => {
  throw new RangeError("a bug");
});
app.route("/", admin);

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  console.error("failed:", error.message);
  return c.json({ error: error.message }, 500);
});
app.notFound((c) => c.text(`no ${c.req.path}`, 404));

export default app;
