export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/0") throw new RangeError("there is no product 0");
    return fetch(`${env.UPSTREAM}/prices${pathname}`);
  },
};
