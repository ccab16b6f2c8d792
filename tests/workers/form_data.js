// Reads forms of whatever encoding, and makes some.

async function described(form) {
  const entries = [];
  for (const [name, value] of form) {
    entries.push(
      typeof value === "string"
        ? [name, value]
        : [name, value.name, value.type, new Uint8Array(await value.arrayBuffer()).toHex()],
    );
  }
  return entries;
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/read") {
      try {
        return Response.json(await described(await request.formData()));
      } catch (error) {
        return new Response(`${error}`, { status: 400 });
      }
    }
    if (pathname === "/make") {
      const form = new FormData();
      form.append("text", "ä");
      form.append("file", new File([new Uint8Array([0, 255])], "f.bin", { type: "x/y" }));
      return new Response(form);
    }
    if (pathname === "/send") {
      const form = new FormData();
      form.append("big", new Blob(["x".repeat(3_000_000)]));
      const response = await fetch(`${env.UPSTREAM}/count`, { method: "POST", body: form });
      return new Response(await response.text());
    }
    const blob = await request.blob();
    return new Response(blob.slice(1, -1, "a/b"));
  },
};
