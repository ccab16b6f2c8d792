// A Worker that minds its own business.
export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/work") {
      let sum = 0;
      for (let i = 0; i < 4e6; i++) sum += i; // some 20 ms
      return new Response(`${sum}`);
    }
    return new Response("Hello World\n");
  },
};
