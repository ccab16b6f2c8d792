// Reaches for what it is told to.
export default {
  async fetch(request) {
    try {
      const response = await fetch(new URL(request.url).searchParams.get("url"));
      return new Response(`${response.status} ${await response.text()}`);
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`);
    }
  },
};
