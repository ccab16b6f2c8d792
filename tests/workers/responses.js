export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/json":
        return Response.json({ a: [1, "ä"] }, { status: 201, headers: { "x-a": "1" } });
      case "/redirect":
        return Response.redirect("http://example.com/there", 301);
      case "/error":
        return Response.error();
      case "/clone": {
        const response = new Response("same", { headers: { "x-a": "1" } });
        const copy = response.clone();
        return Response.json([await response.text(), await copy.text(), copy.headers.get("x-a")]);
      }
      case "/cookies": {
        const headers = new Headers();
        headers.append("set-cookie", "a=1");
        headers.append("set-cookie", "b=2");
        return new Response("", { headers });
      }
      case "/status":
        return new Response("x", { status: Number(searchParams.get("code")) });
      case "/latin":
        return new Response("", { headers: { "x-latin": "caf\u00e9" } });
      case "/hop":
        return new Response("", { headers: { connection: "close", "transfer-encoding": "chunked" } });
      case "/not-a-response":
        return "just text";
      case "/nothing":
        return undefined;
      case "/used": {
        const response = new Response("once");
        await response.text();
        return response;
      }
      case "/throws":
        throw new TypeError("secret message");
      case "/throws-a-string":
        throw "just a string";
      case "/rejects":
        return Promise.reject(new RangeError("later"));
      case "/deep":
        return first();
      case "/coded": // gzip or br, as asked for
        return new Response("All work and no play. ".repeat(1000), {
          headers: { "content-encoding": searchParams.get("coding") },
        });
      case "/coded-upstream": {
        const response = await fetch(searchParams.get("from"));
        const how = searchParams.get("how");
        if (how === "untouched") return response;
        if (how === "read") return new Response((await response.text()).slice(0, 20));
        const body = response.body.pipeThrough(new TransformStream());
        return new Response(body, response);
      }
      case "/coded-manual": // already encoded: bytes that only look like it
        return new Response("not really gzip", {
          headers: { "content-encoding": "gzip" },
          encodeBody: "manual",
        });
      case "/head":
        return new Response("body", { headers: { "x-method": request.method } });
    }
  },
};

function first() {
  return second();
}

function second() {
  throw new Error("deep");
}
