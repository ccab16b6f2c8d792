// What most Workers do: answer, ask others, stream.
const block = new Uint8Array(64 * 1024).fill(97);

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/fan": {
        const asked = Array.from({ length: 10 }, (_, i) =>
          fetch(`${env.ORIGIN}/?${i}`).then((response) => response.text()),
        );
        return Response.json((await Promise.all(asked)).length);
      }
      case "/stream": {
        let left = 16;
        const body = new ReadableStream({
          pull(controller) {
            if (left-- > 0) controller.enqueue(block.slice());
            else controller.close();
          },
        });
        return new Response(body);
      }
      case "/pass":
        return fetch(`${env.ORIGIN}/stream`);
      case "/slow":
        await scheduler.wait(200);
        return new Response("slow");
      case "/echo":
        return new Response(request.body);
    }
    return new Response("Hello World\n");
  },
};
