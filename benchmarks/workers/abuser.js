// A Worker that is broken in every way that ends something.
export default {
  async fetch(request) {
    switch (new URL(request.url).pathname) {
      case "/spin":
        for (;;);
      case "/allocate": {
        const kept = [];
        for (;;) kept.push(new Array(1000).fill(kept.length));
      }
      case "/end": // V8 aborts its process
        return new Response(`${new Array(3e8).fill(0).length}`);
      case "/throw":
        throw new Error("broken");
      case "/hang":
        return new Promise(() => {});
      case "/reject": {
        Promise.reject(new Error("nobody handles it"));
        return new Response("ok");
      }
      case "/break": // a body that ends with an error
        return new Response(
          new ReadableStream({
            pull(controller) {
              controller.error(new Error("broken"));
            },
          }),
        );
    }
    return new Response("ok");
  },
};
