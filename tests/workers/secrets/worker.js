export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/throw":
        throw new Error(`the key ${env.API_KEY} was refused`);
      case "/log":
        console.log("the key is", env.API_KEY, { headers: [env.API_KEY] });
        console.error(new TypeError(env.API_KEY));
        return new Response("logged");
    }
    return Response.json(env);
  },
};
