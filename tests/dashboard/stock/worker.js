export default {
  async fetch(_request, env) {
    const response = await fetch(`${env.UPSTREAM}/delay/20`);
    return new Response(await response.text());
  },
};
