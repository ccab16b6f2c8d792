// A page of one service, with fragments of others put in where it says <fragment name="…">, and with
// links that lead through this Worker.

/** What pages may ask for. They are all fetched at once, beside the page. */
const FRAGMENTS = ["header", "basket"];

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const ask = (path) => fetch(env.UPSTREAM + path, { signal: request.signal });

    const fragments = new Map(
      FRAGMENTS.map((name) => [name, ask(`/fragments/${name}`).catch(() => null)]),
    );
    const page = await ask(pathname);
    if (!page.headers.get("content-type")?.startsWith("text/html")) return page;

    return new HTMLRewriter()
      .on("fragment[name]", new FragmentHandler(fragments))
      .on("a[href], link[href]", new LinkHandler("href", env.UPSTREAM))
      .on("img[src], script[src]", new LinkHandler("src", env.UPSTREAM))
      .transform(page);
  },
};

/** Puts the fragment's body where its element is: as it comes, without waiting for all of it. */
class FragmentHandler {
  constructor(fragments) {
    this.fragments = fragments;
  }

  async element(element) {
    // What comes before it in the page is already on its way to the browser.
    const response = await this.fragments.get(element.getAttribute("name"));
    // What the element holds is shown where there is no such fragment.
    if (response?.ok) element.replace(response, { html: true });
    else element.removeAndKeepContent();
  }
}

/** The services' own address is of no use outside. */
class LinkHandler {
  constructor(attribute, upstream) {
    this.attribute = attribute;
    this.upstream = upstream;
  }

  element(element) {
    const url = element.getAttribute(this.attribute);
    if (url.startsWith(`${this.upstream}/`)) {
      element.setAttribute(this.attribute, url.slice(this.upstream.length));
    } else if (element.tagName === "a" && /^https?:/.test(url)) {
      element.setAttribute("rel", "noopener noreferrer");
    }
  }
}
