for (let end = 0; end < 1e12; end++);

export default { fetch: () => new Response("") };
