// What `edgewright tail` shows.

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    console.log("on", { pathname });
    if (pathname === "/throws") throw new RangeError("out of it");
    return new Response("ok", { status: pathname === "/teapot" ? 418 : 200 });
  },
};
