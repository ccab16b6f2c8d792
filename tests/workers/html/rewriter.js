// What HTMLRewriter does to documents: a case for each path.

const html = (body, headers = {}) => new Response(body, { headers });

const caught = (action) => {
  try {
    return action();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};

/** Transforms by one handler of elements, and says what came of it. */
const element = (selector, body, handler) =>
  new HTMLRewriter().on(selector, { element: handler }).transform(html(body)).text();

const cases = {
  untouched() {
    return new HTMLRewriter().transform(html("<p class=a>x</P><br/>")).text();
  },

  async selectors() {
    const body =
      '<div class="a b" id=x data-q="Foo"><p>1</p><p>2</p><span>3</span><p>4</p></div><A HREF=x>';
    const counts = {};
    for (const selector of [
      ...["*", "p", "div > p", "div p", ".a.b", "#x", "a[href]", "[data-q=foo i]", "[id^=x]"],
      ...["p:nth-child(2)", "p:nth-of-type(3)", "p:first-child", "div:not(.c)", "p, span", "P"],
    ]) {
      counts[selector] = 0;
      await element(selector, body, () => counts[selector]++);
    }
    return counts;
  },

  badSelectors() {
    return Object.fromEntries(
      ["", "p +", "p:hover", "p + p", "a b >"].map((selector) => [
        selector,
        caught(() => new HTMLRewriter().on(selector, {}) && "taken"),
      ]),
    );
  },

  content() {
    return element("p", "<p>in</p>", (p) => {
      p.before("1").before("<2>").before("<3>", { html: true });
      p.after("a").after("<b>", { html: true });
      p.prepend("p").prepend("<q>", { html: true });
      p.append("x").append("<y>");
    });
  },

  replace() {
    return element("p", "<p>1</p><p>2</p><p>3</p><p>4</p><p>5</p>", (p) => {
      const at = (cases.at = (cases.at ?? 0) + 1);
      if (at === 1) p.replace("<r>");
      if (at === 2) p.setInnerContent("<r>", { html: true });
      if (at === 3) p.remove();
      if (at === 4) p.removeAndKeepContent();
    });
  },

  async attributes() {
    const seen = [];
    const text = await element("a", '<a href="/x" B download=""></a>', (a) => {
      seen.push([...a.attributes], a.tagName, a.removed, a.namespaceURI);
      seen.push(a.getAttribute("href"), a.getAttribute("HREF"), a.getAttribute("none"));
      seen.push(a.hasAttribute("b"), a.hasAttribute("c"));
      a.setAttribute("href", 'a"<&').setAttribute("new", "ü").removeAttribute("download");
      a.tagName = "link";
      const attributes = a.attributes;
      seen.push(attributes[Symbol.iterator]() === attributes, attributes.next(), `${attributes}`);
      seen.push(caught(() => a.setAttribute("a b", "")));
      seen.push(caught(() => (a.tagName = "a b")));
    });
    return { text, seen };
  },

  endTags() {
    return new HTMLRewriter()
      .on("p", {
        element(p) {
          p.onEndTag(() => {
            throw new Error("of several, the last one counts");
          });
          p.onEndTag((end) => {
            end.before(`<${end.name}>`).after("<hr>", { html: true });
            end.name = "q";
          });
        },
      })
      .on("i", { element: (i) => i.onEndTag((end) => void end.remove()) })
      .on("br", { element: (br) => br.append(caught(() => br.onEndTag(() => {}))) })
      .transform(html("<p>x</p><i>y</i><br>"))
      .text();
  },

  async textAndComments() {
    const seen = [];
    const text = await new HTMLRewriter()
      .on("p", {
        text(text) {
          seen.push([text.text, text.lastInTextNode, text.removed]);
          if (text.lastInTextNode) text.before("[").after("]");
          else if (text.text === "a&amp;b") text.replace("<i>", { html: true });
          else text.remove();
        },
        comments(comment) {
          seen.push([comment.text, comment.removed]);
          if (comment.text === "1") comment.text = "one";
          else comment.before("<").replace("-").after(">", { html: true });
        },
      })
      .transform(html("<p>a&amp;b</p><p>gone</p>kept<p><!--1--><!--2--></p>"))
      .text();
    return { text, seen };
  },

  async document() {
    const seen = [];
    const text = await new HTMLRewriter()
      .onDocument({
        doctype: ({ name, publicId, systemId }) => void seen.push([name, publicId, systemId]),
        comments: (comment) => void comment.remove(),
        text: (text) => void seen.push(text.text),
        end: (end) => void end.append("<end>").append("<hr>", { html: true }),
      })
      .transform(html('<!DOCTYPE html PUBLIC "p" "s"><!--c-->x'))
      .text();
    return { text, seen };
  },

  async handlersAreMethods() {
    class Counter {
      count = 0;
      element() {
        this.count++;
      }
      text() {
        this.count += 10;
      }
    }
    const counter = new Counter();
    await new HTMLRewriter().on("p", counter).transform(html("<p>x</p>")).text();
    return counter.count;
  },

  async waiting() {
    const order = [];
    const text = await new HTMLRewriter()
      .on("p", {
        async element(p) {
          order.push("begun");
          await scheduler.wait(1);
          p.append("1");
          await scheduler.wait(1);
          p.setAttribute("waited", "yes");
          order.push("done");
        },
        async text(text) {
          order.push(text.text);
          await null;
          text.after(".");
        },
      })
      .onDocument({
        async end(end) {
          await scheduler.wait(1);
          end.append("end");
        },
      })
      .transform(html("<p>a</p><p>b</p>"))
      .text();
    return { text, order };
  },

  async sideBySide() {
    let arrive;
    const both = new Promise((resolve) => {
      arrive = resolve;
    });
    let here = 0;
    const one = (name) =>
      element("p", `<p>${name}</p>`, async (p) => {
        if (++here === 2) arrive();
        await both;
        p.append("!");
      });
    return Promise.all([one("a"), one("b")]);
  },

  async nested() {
    return element("p", "<p></p>", async (p) => {
      const inner = element("i", "<i></i>", (i) => i.append("x"));
      p.append(await inner, { html: true });
    });
  },

  chained() {
    const add = (text) => new HTMLRewriter().on("p", { element: (p) => p.append(text) });
    return add("2").transform(add("1").transform(html("<p></p>"))).text();
  },

  async usedAgain() {
    const rewriter = new HTMLRewriter().on("p", { element: (p) => p.append("1") });
    const first = rewriter.transform(html("<p><b>"));
    rewriter.on("b", { element: (b) => b.append("2") });
    return [await first.text(), await rewriter.transform(html("<p></p><b></b>")).text()];
  },

  async late() {
    const kept = {};
    await new HTMLRewriter()
      .on("p", {
        element(p) {
          kept.element = p;
          kept.attributes = p.attributes;
          p.onEndTag((end) => {
            kept.end = end;
          });
        },
        text(text) {
          kept.text = text;
        },
      })
      .transform(html("<p a=b>x</p>"))
      .text();
    return [
      () => kept.element.tagName,
      () => kept.element.append("x"),
      () => kept.attributes.next(),
      () => kept.end.name,
      () => kept.text.remove(),
    ].map(caught);
  },

  async fails() {
    const failures = {};
    for (const [name, handler] of Object.entries({
      thrown() {
        throw new RangeError("thrown");
      },
      text() {
        throw "a string";
      },
      async rejected() {
        await null;
        throw new RangeError("rejected");
      },
    })) {
      failures[name] = await element("p", "<p>", handler).catch((error) => `${error}`);
    }
    failures.after = await element("p", "<p></p>", (p) => p.append("fine"));
    return failures;
  },


  streams() {
    const chunks = (...texts) => ReadableStream.from(texts.map((t) => new TextEncoder().encode(t)));
    return new HTMLRewriter()
      .on("p", {
        element(p) {
          p.before("1").before(chunks("<", "2", ">")).before("3");
          p.prepend(new Response("<b>"), { html: true });
          p.append(html("ü").body).append(new Response(null));
          p.onEndTag((end) => void end.after(new Response("<hr>"), { html: true }));
        },
      })
      .on("i", { element: (i) => void i.append(html("never")).remove() })
      .on("b", { text: (t) => void (t.lastInTextNode || t.replace(html("text"))) })
      .transform(html("<p>in</p><i></i><b>x</b>"))
      .text();
  },

  async streamsThatFail() {
    const said = {};
    const bodies = {
      "not UTF-8": new Uint8Array([0x61, 0xff]),
      broken: new ReadableStream({ start: (controller) => controller.error(new Error("broken")) }),
    };
    for (const [name, body] of Object.entries(bodies)) {
      said[name] = await element("p", "<p></p>", (p) => p.append(new Response(body))).catch(String);
    }
    return said;
  },

  async notStreams() {
    return new HTMLRewriter()
      .onDocument({ end: (end) => end.append(caught(() => end.append(html("x")))) })
      .transform(html(""))
      .text();
  },

  async malformed() {
    const said = {};
    for (const body of ["<p", "<p a=", "</", "<!-", "<p><b></p></b>", "<>", "a<b", "<!doctype"]) {
      said[body] = await element("p", body, (p) => p.append("+"));
    }
    return said;
  },

  ambiguous() {
    const body = "<select><xmp><script>x</script></xmp></select>";
    return element("p", body, () => {}).catch((error) => `${error}`.split("\n")[0]);
  },

  async charsets() {
    const bytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
    const said = {};
    for (const [charset, body] of Object.entries({
      "iso-8859-1": "<p a=\xe9>\xe9\x80</p>",
      shift_jis: "<p a=\x93\xfa>\x83\x5c\x93\xfa</p>",
      gb18030: "<p a=\xd6\xd0>\x81\x30\x84\x36\xff</p>",
      "utf-8": "<p a=\xff>\xff</p>",
    })) {
      const seen = [];
      const whole = bytes(body);
      let at = 0;
      const response = new HTMLRewriter()
        .on("p", {
          element(p) {
            seen.push(p.getAttribute("a"));
            p.setAttribute("b", "é日").append("日<é").append(html("日<"), { html: true });
          },
          text: (text) => void seen.push(text.text),
        })
        .transform(
          new Response(
            // A byte at a time: no character is in one piece.
            new ReadableStream({
              pull(controller) {
                if (at === whole.length) controller.close();
                else controller.enqueue(whole.slice(at, ++at));
              },
            }),
            { headers: { "content-type": `text/html; charset="${charset}"` } },
          ),
        );
      const output = String.fromCharCode(...(await response.bytes()));
      said[charset] = [output, seen.join("")];
    }
    return said;
  },

  charsetsThatAreNone() {
    const transform = (charset) => {
      const response = html("", { "content-type": `text/html; charset=${charset}` });
      const said = caught(() => new HTMLRewriter().transform(response) && "taken");
      return [said, response.bodyUsed];
    };
    return ["none", "utf-16le", "iso-2022-jp"].map(transform);
  },

  async tooLarge() {
    const chunk = new Uint8Array(100_000).fill(0x78);
    let left = 100;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("<p a='")),
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    return element("p", body, () => {}).catch(String);
  },

  async responses() {
    const response = new Response("<p>", {
      status: 201,
      statusText: "Made",
      headers: { "content-type": "text/html", "x-a": "b" },
    });
    const transformed = new HTMLRewriter().transform(response);
    const empty = new Response(null, { status: 204 });
    return [
      [transformed.status, transformed.statusText, [...transformed.headers]],
      [response.bodyUsed, transformed.bodyUsed, transformed !== response],
      new HTMLRewriter().transform(empty) === empty,
      caught(() => new HTMLRewriter().transform(response)),
      caught(() => new HTMLRewriter().transform("<p>")),
    ];
  },

  async tokens() {
    const said = [];
    await element("p", "<p>", (p) => {
      said.push(`${p}`, caught(() => new p.constructor()));
      said.push(caught(() => new HTMLRewriter().on.call({}, "p", {}) && "taken").split(":")[0]);
    });
    return said;
  },

  async context() {
    const { AsyncLocalStorage } = await import("node:async_hooks");
    const storage = new AsyncLocalStorage();
    const seen = [];
    const response = storage.run("transform", () =>
      storage
        .run("on", () =>
          new HTMLRewriter().on("p", {
            async element() {
              seen.push(storage.getStore());
              await scheduler.wait(1);
              seen.push(storage.getStore());
            },
          }),
        )
        .transform(html("<p><p>")),
    );
    await storage.run("read", () => response.text());
    return seen;
  },

  async deep() {
    const recurse = () => recurse() + 1;
    const error = await element("p", "<p>", () => recurse()).catch((error) => error);
    return [error.name, await element("p", "<p></p>", (p) => p.append("fine"))];
  },

  async abandoned() {
    // More than there is memory for, if what nobody waits for any more stayed.
    for (let i = 0; i < 150; i++) {
      const never = { element: () => new Promise(() => {}) };
      const { body } = new HTMLRewriter().on("p", never).transform(html("<i>early</i><p>"));
      const reader = body.getReader();
      await reader.read();
      await reader.cancel();
    }
    return element("p", "<p></p>", (p) => p.append("fine"));
  },

  async many() {
    const one = async (name) => {
      const text = await element("p", `<p>${name}</p>`, async (p) => {
        await scheduler.wait(1);
        p.append("!");
      });
      return text === `<p>${name}!</p>`;
    };
    return (await Promise.all(Array.from({ length: 50 }, (_, i) => one(i)))).every(Boolean);
  },
};

const atStart = [
  caught(() => new HTMLRewriter().on("p", {}) && "taken"),
  caught(() => new HTMLRewriter().transform(new Response("x"))),
];

export default {
  async fetch(request) {
    const name = new URL(request.url).pathname.slice(1);
    if (name === "atStart") return Response.json(atStart);
    return Response.json(await cases[name]());
  },
};
