import { equal, looksLikeAnInterface, serve, thrown } from "./testing.js";

const books = new URLPattern({ pathname: "/books/:id(\\d+)?" });

export default serve({
  kindsAndAttributes() {
    const parts = ["protocol", "username", "password", "hostname", "port", "pathname"];
    const others = ["search", "hash", "hasRegExpGroups", "test", "exec"];
    looksLikeAnInterface("URLPattern", [...parts, ...others]);
    equal([books.protocol, books.pathname, books.hash], ["*", "/books/:id(\\d+)?", "*"]);
    equal([books.hasRegExpGroups, new URLPattern().hasRegExpGroups], [true, false]);
  },
  matches() {
    equal(books.test("https://example.com/books/1"), true);
    equal(books.test({ pathname: "/books" }), true);
    equal(books.test("/books/1", "https://example.com"), true);
    equal([books.test("no URL"), books.test("https://example.com/films")], [false, false]);
    const { inputs, pathname, search, hostname } = books.exec("https://example.com/books/12?x#y");
    equal(inputs, ["https://example.com/books/12?x#y"]);
    equal(pathname, { input: "/books/12", groups: { id: "12" } });
    equal([search.groups, hostname.input], [{ 0: "x" }, "example.com"]);
    equal(books.exec("https://example.com/films"), null);
  },
  patterns() {
    equal(new URLPattern("https://*.example.com/:a/*").hostname, "*.example.com");
    equal(new URLPattern("/a/:b", "https://example.com").hostname, "example.com");
    equal(new URLPattern({ pathname: "b", baseURL: "https://example.com/a/" }).pathname, "/a/b");
    equal(new URLPattern({ pathname: "/café" }).pathname, "/caf%C3%A9");
    const loose = new URLPattern("https://example.com/Foo", { ignoreCase: true });
    equal(loose.test("https://example.com/foo"), true);
  },
  whatIsNoPattern() {
    for (const input of ["/relative", { pathname: "/(" }]) {
      equal(thrown(() => new URLPattern(input)).name, "TypeError");
    }
    equal(thrown(() => books.exec({ pathname: "/" }, "https://example.com")).name, "TypeError");
  },
});
