// Speaks with another Worker over a WebSocket, without a network between them.

const ended = (socket) =>
  new Promise((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve([code, reason]));
  });

const ROUTES = {
  /** Gives the client what the other one answers. */
  passes: (callee, request) => callee.fetch(request),
  async size(callee) {
    const { webSocket } = await callee.fetch("http://w/measures", { headers: { upgrade: "websocket" } });
    webSocket.accept();
    const end = ended(webSocket);
    webSocket.send("x".repeat((1 << 20) + 1));
    return Response.json(await end);
  },
  /** Has the other one work for it, again and again. */
  async burns(callee) {
    const { webSocket } = await callee.fetch("http://w/burn", { headers: { upgrade: "websocket" } });
    webSocket.accept();
    let heard = 0;
    const end = ended(webSocket);
    webSocket.addEventListener("message", () => {
      heard++;
      if (heard < 40) webSocket.send("go");
      else webSocket.close(1000);
    });
    webSocket.send("go");
    return Response.json([...(await end), heard]);
  },
};

export default {
  fetch(request, env) {
    const name = new URL(request.url).pathname.split("/")[1];
    return ROUTES[name === "burn" ? "passes" : name](env.CALLEE, request);
  },
};
