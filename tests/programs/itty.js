// A program with itty-router (https://itty.dev).
import {
  AutoRouter,
  cors,
  error,
  json,
  StatusError,
  text,
  withContent,
  withCookies,
} from "itty-router";

const { preflight, corsify } = cors({ origin: "https://app.test" });

const router = AutoRouter({
  base: "/v1",
  before: [preflight, withCookies],
  finally: [corsify],
  catch: (cause) => {
    if (!(cause instanceof StatusError)) console.error("failed:", cause.message);
    return error(cause);
  },
});

const todos = new Map([["1", { id: "1", title: "write" }]]);

router
  .get("/todos", () => [...todos.values()])
  .get("/todos/:id", ({ id }) => todos.get(id) ?? error(404, "no such todo"))
  .post("/todos", withContent, ({ content }) => {
    if (!content?.title) throw new StatusError(422, { error: "title is missing" });
    return json({ id: "2", ...content }, { status: 201 });
  })
  .get("/files/:path+", ({ path, query }) => ({ path, query }))
  .get("/me", ({ cookies }) => text(`hello ${cookies.name}`))
  .get("/origin", (_request, env) => fetch(`${env.ORIGIN}/from/itty`))
  .get("/broken", () => missing.value);

export default router;
