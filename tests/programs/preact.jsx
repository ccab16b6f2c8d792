// A page that Preact (https://preactjs.com) renders on the server: at once, and as a stream.
import { createContext, Fragment } from "preact";
import { renderToString, renderToStringAsync } from "preact-render-to-string";
import { renderToReadableStream } from "preact-render-to-string/stream";
import { lazy, Suspense } from "preact/compat";
import { useContext, useId, useMemo, useState } from "preact/hooks";

const Theme = createContext("light");

function Item({ text }) {
  const id = useId();
  const theme = useContext(Theme);
  const [open] = useState(() => text.length > 3);
  return (
    <li class={theme} data-open={open}>
      <label for={id}>{text}</label>
      <input id={id} type="checkbox" checked={open} />
    </li>
  );
}

function Page({ items, children }) {
  const sorted = useMemo(() => [...items].sort(), [items]);
  return (
    <Theme.Provider value="dark">
      <h1 style={{ color: "red", fontSize: 12 }}>Items &amp; more</h1>
      <ul>
        {sorted.map((text) => (
          <Item key={text} text={text} />
        ))}
      </ul>
      <Fragment>{children}</Fragment>
    </Theme.Provider>
  );
}

const html = (body) =>
  new Response(body, { headers: { "content-type": "text/html; charset=utf-8" } });

async function load(env) {
  const response = await fetch(`${env.ORIGIN}/delay/20`);
  const text = await response.text();
  return () => <p>{text}</p>;
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const items = url.searchParams.getAll("item");
    const Loaded = lazy(() => load(env));
    const waiting = (
      <Page items={items}>
        <Suspense fallback={<p>loading</p>}>
          <Loaded />
        </Suspense>
      </Page>
    );
    switch (url.pathname) {
      case "/":
        return html(`<!DOCTYPE html>${renderToString(<Page items={items} />)}`);
      case "/async":
        return html(await renderToStringAsync(waiting));
      case "/stream":
        return html(renderToReadableStream(waiting));
      default:
        return new Response("no such page", { status: 404 });
    }
  },
};
