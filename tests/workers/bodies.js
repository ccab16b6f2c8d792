const MEGABYTE = 1024 * 1024;

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const upstream = searchParams.get("upstream");
    switch (pathname) {
      case "/untouched":
        return fetch(searchParams.get("from"));
      case "/untouched-new-head": {
        const response = await fetch(searchParams.get("from"));
        return new Response(response.body, { status: 201, headers: { "x-mine": "yes" } });
      }
      case "/forward": // the request's body to the upstream, the upstream's to the client
        return fetch(`${upstream}/echo`, { method: "POST", body: request.body });
      case "/forward-request":
        return fetch(new Request(`${upstream}/echo`, request));
      case "/transform": {
        const response = await fetch(searchParams.get("from"));
        return new Response(response.body.pipeThrough(upper()));
      }
      case "/transform-request":
        return new Response(request.body.pipeThrough(upper()));
      case "/identity": {
        const { readable, writable } = new IdentityTransformStream();
        const response = await fetch(searchParams.get("from"));
        response.body.pipeTo(writable);
        return new Response(readable);
      }
      case "/fixed": {
        const { readable, writable } = new FixedLengthStream(10);
        const writer = writable.getWriter();
        writer.write(new TextEncoder().encode("0123456789"));
        writer.close();
        return new Response(readable);
      }
      case "/count": {
        let size = 0;
        for await (const chunk of request.body) size += chunk.byteLength;
        return new Response(String(size));
      }
      case "/text":
        return new Response((await request.text()).toUpperCase());
      case "/json":
        return Response.json({ got: await request.json() });
      case "/bytes":
        return new Response(new Uint8Array(await request.arrayBuffer()).reverse());
      case "/twice":
        await request.text();
        return new Response(await request.text());
      case "/clone": {
        const copy = request.clone();
        const [one, two] = await Promise.all([request.text(), copy.text()]);
        return Response.json([one.length, two.length, one === two]);
      }
      case "/upload": {
        const size = Number(searchParams.get("size"));
        const body = produce(size);
        const response = await fetch(`${upstream}/count`, { method: "POST", body });
        return new Response(await response.text());
      }
      case "/produce":
        return new Response(produce(Number(searchParams.get("size")), (sent) => {
          globalThis.produced = sent;
        }));
      case "/produced":
        return new Response(String(globalThis.produced));
      case "/big-string":
        return new Response("ä".repeat(MEGABYTE));
      case "/breaks":
        return new Response(
          new ReadableStream({
            pull(controller) {
              controller.enqueue(new TextEncoder().encode("some"));
              controller.error(new Error("it broke"));
            },
          }),
        );
      case "/silent":
        return new Response(new ReadableStream({}), { headers: { "x-early": "yes" } });
      case "/copied-head": {
        const response = await fetch(searchParams.get("from"));
        return new Response(streamOf("shorter"), response);
      }
      case "/copied-request": {
        const { headers } = request;
        const init = { method: "POST", headers, body: streamOf("shorter") };
        return new Response(await (await fetch(`${upstream}/count`, init)).text());
      }
      case "/null":
        return new Response(null, { status: 204 });
      case "/empty":
        return new Response("");
      default:
        return new Response(`no such test: ${pathname}`, { status: 404 });
    }
  },
};

function streamOf(text) {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}

function upper() {
  return new TransformStream({
    transform(chunk, controller) {
      const bytes = new Uint8Array(chunk);
      for (let i = 0; i < bytes.length; i++) {
        if (bytes[i] >= 97 && bytes[i] <= 122) bytes[i] -= 32;
      }
      controller.enqueue(bytes);
    },
  });
}

function produce(size, onSent = () => {}) {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      const chunk = new Uint8Array(Math.min(64 * 1024, size - sent)).fill(120);
      controller.enqueue(chunk);
      sent += chunk.byteLength;
      onSent(sent);
      if (sent >= size) controller.close();
    },
  });
}
