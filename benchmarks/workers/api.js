// Each path does one thing of the API, many times where it is small: both runtimes run this file.
const TIMES = 1000;
const HEAD = { "content-type": "text/plain", "x-one": "1", "x-two": "2", accept: "*/*" };

function urls() {
  let length = 0;
  for (let i = 0; i < TIMES; i++) {
    const url = new URL(`https://example.com:8443/path/${i}?n=${i}#hash`);
    length += url.pathname.length + url.search.length;
  }
  return length;
}

function changed() {
  let length = 0;
  for (let i = 0; i < TIMES; i++) {
    const url = new URL(`https://example.com/path/${i}?n=${i}`);
    url.searchParams.set("page", i);
    length += url.href.length;
  }
  return length;
}

function odd() {
  let length = 0;
  for (let i = 0; i < TIMES; i++) {
    const url = new URL(`../a b/${i}?q=ü`, "http://user@example.com/x/y/");
    length += url.href.length;
  }
  return length;
}

function headers() {
  let length = 0;
  for (let i = 0; i < TIMES; i++) {
    const headers = new Headers(HEAD);
    headers.set("X-Count", `${i}`);
    headers.append("x-one", "more");
    length += headers.get("X-One").length;
    for (const [name] of headers) length += name.length;
  }
  return length;
}

const DATA = { id: 1, name: "a name", tags: ["one", "two", "three"], nested: { deep: [1, 2, 3] } };

async function json() {
  let length = 0;
  for (let i = 0; i < TIMES; i++) length += Response.json(DATA).headers.get("content-type").length;
  return length;
}

async function texts() {
  let length = 0;
  for (let i = 0; i < TIMES; i++) length += (await Response.json(DATA).text()).length;
  return length;
}

const through = () =>
  new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
    },
  });

export default {
  async fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case "/url":
        return new Response(`${urls()}`);
      case "/changed-url":
        return new Response(`${changed()}`);
      case "/odd-url":
        return new Response(`${odd()}`);
      case "/headers":
        return new Response(`${headers()}`);
      case "/json":
        return new Response(`${await json()}`);
      case "/json-text":
        return new Response(`${await texts()}`);
      case "/text": {
        const response = await fetch(`${env.UPSTREAM}/megabyte`);
        return new Response(`${(await response.text()).length}`);
      }
      case "/pass":
        return fetch(`${env.UPSTREAM}/big`);
      case "/identity": {
        const { body } = await fetch(`${env.UPSTREAM}/big`);
        return new Response(body.pipeThrough(new IdentityTransformStream()));
      }
      case "/transform": {
        const { body } = await fetch(`${env.UPSTREAM}/big`);
        return new Response(body.pipeThrough(through()));
      }
      default:
        return new Response("Hello World\n");
    }
  },
};
