// Documents through HTMLRewriter: 20,000 rows of a table, or a small page.
const row =
  '<tr class="row"><td><a href="/some/path/to/page?id=1">A link to some page</a></td>' +
  "<td>some text that is a bit longer than the other, in words</td></tr>\n";
const rows = new TextEncoder().encode(row.repeat(400));
const page = `<!doctype html><title>t</title><body><table>${row.repeat(30)}</table></body>`;
const CHUNKS = 50;

const table = () => {
  let left = CHUNKS;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (left-- > 0) controller.enqueue(rows.slice());
      else controller.close();
    },
  });
};

const secure = (a) => void a.setAttribute("href", `https://example.com${a.getAttribute("href")}`);

const rewriters = {
  "/nothing": () => new HTMLRewriter().on("nothing", { element() {} }),
  "/links": () => new HTMLRewriter().on("a[href]", { element: secure }),
  "/text": () => new HTMLRewriter().on("td", { text: (text) => void text.text }),
  "/waiting": () => new HTMLRewriter().on("a[href]", { element: async (a) => secure(a) }),
};

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response("Hello World\n");
    const headers = { "content-type": "text/html" };
    if (pathname === "/page") return rewriters["/links"]().transform(new Response(page, { headers }));
    return rewriters[pathname]().transform(new Response(table(), { headers }));
  },
};
