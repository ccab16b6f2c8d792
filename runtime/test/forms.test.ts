import assert from "node:assert/strict";
import { test } from "node:test";
import { Blob, File, FormData } from "../src/lazy/forms.js";
import { Request } from "../src/web/request.js";
import { Response } from "../src/web/response.js";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function multipart(body: string | Uint8Array, boundary = "b"): Response {
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  return new Response(body, { headers });
}

async function parse(body: string | Uint8Array, boundary?: string): Promise<[string, unknown][]> {
  return [...((await multipart(body, boundary).formData()) as FormData)];
}

const part = (head: string, content = "x"): string => `--b\r\n${head}\r\n\r\n${content}\r\n--b--`;
const disposition = (parameters: string): string =>
  part(`content-disposition: form-data${parameters}`);

test("a Blob is made of texts, bytes and other Blobs", async () => {
  const bytes = new Uint8Array([1, 66, 67, 2]);
  const blob = new Blob(["ä", bytes.subarray(1, 3), new Blob(["x"]), bytes.buffer, 5, null]);
  assert.equal(await blob.text(), "äBCx\u0001BC\u00025null");
  assert.equal(blob.size, 14);
  bytes.fill(0);
  assert.equal((await blob.bytes())[2], 66);
  assert.equal(String(blob), "[object Blob]");
  assert.throws(() => new Blob("text"), {
    message: "Failed to construct 'Blob': constructor parameter 1 is not of type 'Array'.",
  });
  assert.throws(() => new Blob(new Set(["a"])), TypeError);
});

test("types are lower case; ones with other characters than ASCII are none", () => {
  assert.equal(new Blob([], { type: "Text/A" }).type, "text/a");
  assert.equal(new Blob([], { type: "text/é" }).type, "");
  assert.equal(new Blob([], { type: "a\n" }).type, "");
  assert.equal(new Blob().type, "");
});

test("slices", async () => {
  const blob = new Blob(["hello"], { type: "a/b" });
  const slice = async (...range: unknown[]): Promise<string> => blob.slice(...range).text();
  assert.equal(await slice(), "hello");
  assert.equal(await slice(1, 3), "el");
  assert.equal(await slice(-3, -1), "ll");
  assert.equal(await slice(-9, 99), "hello");
  assert.equal(await slice(3, 1), "");
  assert.equal(await slice(Number.NaN, 1.9), "h");
  assert.equal(await slice(1, undefined), "ello");
  assert.equal(blob.slice(1).type, "");
  assert.equal(blob.slice(1, 2, "X/y").type, "x/y");
});

test("what a Blob gives can be changed without changing it", async () => {
  const blob = new Blob(["abc"]);
  new Uint8Array(await blob.arrayBuffer()).fill(0);
  (await blob.bytes()).fill(0);
  (await new Response(blob).bytes()).fill(0);
  for await (const chunk of blob.stream()) chunk.fill(0);
  assert.equal(await blob.text(), "abc");
});

test("a Blob's stream gives bytes in pieces", async () => {
  const chunks: number[] = [];
  for await (const chunk of new Blob([new Uint8Array(150_000)]).stream()) chunks.push(chunk.length);
  assert.deepEqual(chunks, [65536, 65536, 18928]);
  const reader = new Blob(["hello"]).stream().getReader({ mode: "byob" });
  assert.deepEqual((await reader.read(new Uint8Array(3))).value, encode("hel"));
});

test("a File has a name and a time", () => {
  const file = new File(["abc"], "n\ud800", { type: "a/b", lastModified: 5 });
  assert.deepEqual([file.name, file.size, file.type, file.lastModified], ["n\ufffd", 3, "a/b", 5]);
  assert.equal(new File([], "", { lastModified: new Date(7) }).lastModified, 7);
  assert.equal(new File([], "", { lastModified: "x" }).lastModified, 0);
  assert.equal(file instanceof Blob, true);
  assert.equal(file.slice() instanceof File, false);
  assert.throws(() => new (File as new (parts: unknown) => File)([]), TypeError);
});

test("bodies of Blobs and Blobs of bodies", async () => {
  const typed = new Response(new Blob(["x"], { type: "a/b" }));
  assert.equal(typed.headers.get("content-type"), "a/b");
  assert.equal(await typed.text(), "x");
  assert.equal(new Response(new Blob(["x"])).headers.get("content-type"), null);
  const typeOf = async (headers: unknown): Promise<string> =>
    ((await new Response("x", { headers }).blob()) as Blob).type;
  assert.equal(await typeOf(undefined), "text/plain;charset=UTF-8");
  assert.equal(await typeOf({ "content-type": "Text/HTML ; Charset=X" }), "text/html;charset=X");
  assert.equal(await typeOf({ "content-type": 'a/b;c="d,e"' }), 'a/b;c="d,e"');
  assert.equal(await typeOf({ "content-type": "garbage" }), "");
  const several = [
    ["content-type", "a/b;charset=x"],
    ["content-type", "a/b"],
    ["content-type", "*/*"],
  ];
  assert.equal(await typeOf(several), "a/b;charset=x");
  assert.equal(((await new Response(null).blob()) as Blob).type, "");
});

test("FormData keeps the order of its entries", () => {
  const form = new FormData();
  form.append("a", 1);
  form.append("b", "2");
  form.append("a", null);
  assert.deepEqual([...form.keys()], ["a", "b", "a"]);
  assert.deepEqual([...form.values()], ["1", "2", "null"]);
  assert.deepEqual(form.getAll("a"), ["1", "null"]);
  assert.deepEqual([form.get("x"), form.getAll("x"), form.has("x")], [null, [], false]);
  form.set("a", "3");
  assert.deepEqual(
    [...form],
    [
      ["a", "3"],
      ["b", "2"],
    ],
  );
  form.delete("a");
  form.set("c", "\ud800");
  const seen: unknown[] = [];
  form.forEach((value, name, parent) => {
    seen.push(name, value, parent === form);
  });
  assert.deepEqual(seen, ["b", "2", true, "c", "\ufffd", true]);
  assert.equal(String(form), "[object FormData]");
  assert.throws(() => (form as unknown as { append(name: string): void }).append("x"), TypeError);
});

test("Blobs become Files in a FormData", () => {
  const form = new FormData();
  const file = new File(["x"], "n", { type: "a/b", lastModified: 3 });
  form.append("file", file);
  form.append("renamed", file, "m");
  form.append("blob", new Blob(["y"], { type: "c/d" }));
  assert.equal(form.get("file"), file);
  const renamed = form.get("renamed") as File;
  assert.deepEqual([renamed.name, renamed.type, renamed.size], ["m", "a/b", 1]);
  const blob = form.get("blob") as File;
  assert.deepEqual([blob instanceof File, blob.name, blob.type], [true, "blob", "c/d"]);
});

test("a FormData as a body, byte by byte", async () => {
  const form = new FormData();
  form.append('a"\n\r\\b', "v\nä");
  form.append("f", new Blob(["y"]), "ö");
  const request = new Request("http://x/", { method: "POST", body: form });
  const boundary = /^multipart\/form-data; boundary=([0-9a-f]{32})$/.exec(
    request.headers.get("content-type") ?? "",
  )?.[1];
  assert.equal(
    await request.text(),
    `--${boundary}\r\nContent-Disposition: form-data; name="a%22%0A%0D\\\\b"\r\n\r\nv\nä\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="f"; filename="ö"\r\n` +
      `Content-Type: application/octet-stream\r\n\r\ny\r\n--${boundary}--`,
  );
  const bad = new FormData();
  bad.append("x\\", "y");
  assert.throws(() => new Response(bad), { message: "Name or filename can't end with backslash" });
});

test("an empty FormData", async () => {
  const response = new Response(new FormData());
  assert.deepEqual([...((await response.formData()) as FormData)], []);
});

test("lines of a form may end with CRLF or LF, in any mixture", async () => {
  for (const a of ["\r\n", "\n"]) {
    for (const b of ["\r\n", "\n"]) {
      for (const content of ["", "x", "\r\nx\r\r\n", "x--b"]) {
        const body = `ignored${a}--b${b}CONTENT-disposition:\tform-data\t;\tname="n"${a}${b}${content}${b}--b--x`;
        assert.deepEqual(await parse(body), [["n", content]], JSON.stringify(body));
      }
    }
  }
});

test("files of a form", async () => {
  const head =
    'Content-Type: Text/X; y="z"\r\nContent-Disposition: form-data; name="n"; filename="f"';
  const bytes = new Uint8Array([...encode(part(head, "")).slice(0, -7), 0, 255, 13, 10, 10]);
  const body = new Uint8Array([...bytes, ...encode("\r\n--b--")]);
  const [[name, file]] = (await parse(body)) as [[string, File]];
  assert.deepEqual([name, file.name, file.type], ["n", "f", 'Text/X; y="z"']);
  assert.deepEqual(await file.bytes(), new Uint8Array([0, 255, 13, 10, 10]));
});

test("names in quotes have backslash escapes, and nothing else has a meaning", async () => {
  const nameOf = async (parameters: string): Promise<unknown> =>
    (await parse(disposition(parameters)))[0]?.[0];
  assert.equal(await nameOf('; name="a\\"b\\\\c%22"'), 'a"b\\c%22');
  assert.equal(await nameOf(';name="ä"'), "ä");
  assert.equal(await nameOf('; name="a"; name="b"'), "b");
  assert.equal(await nameOf("; name=\"a\"; filename*=UTF-8''x"), "a");
  assert.deepEqual(await parse(disposition('; name="a"; filename=""')), [["a", "x"]]);
});

test("broken forms say what is wrong", async () => {
  const cases: [string | Uint8Array, string][] = [
    ["", "No initial boundary string (or you have a truncated message)."],
    ["--b", "No initial boundary string (or you have a truncated message)."],
    ["--a\r\n", "No initial boundary string (or you have a truncated message)."],
    ["--b ", "Boundary string was not succeeded by CRLF, LF, or '--'."],
    ["--b\r", "Boundary string was not succeeded by CRLF, LF, or '--'."],
    ["--b\r\n", "No multipart message header termination found."],
    [
      disposition('; name="a"').replace("\r\n\r\n", "\r\n\r"),
      "No multipart message header termination found.",
    ],
    [
      disposition('; name="a"').slice(0, -5),
      "No subsequent boundary string after multipart message.",
    ],
    [
      disposition('; name="a"').slice(0, -2),
      "No subsequent boundary string after multipart message.",
    ],
    [
      disposition('; name="a"').slice(0, -1),
      "Boundary string was not succeeded by CRLF, LF, or '--'.",
    ],
    [part("no colon"), "FormData part had invalid headers."],
    [part("a b: c"), "FormData part had invalid headers."],
    [part("content-type: a/b"), "No valid Content-Disposition header found in FormData part."],
    [part("content-disposition: ;"), "Invalid Content-Disposition header found in FormData part."],
    [
      part("content-disposition: foobar"),
      'Content-Disposition header for FormData part must have the value "form-data", possibly ' +
        'followed by parameters. Got: "foobar"',
    ],
    [disposition(""), "Content-Disposition header in FormData part is missing a name."],
    [disposition("; name=a"), "Content-Disposition header in FormData part is missing a name."],
    [disposition('; name=""'), "Content-Disposition header in FormData part is missing a name."],
  ];
  for (const [body, message] of cases) {
    await assert.rejects(multipart(body).formData(), { name: "TypeError", message }, String(body));
  }
});

test("the Content-Type decides how a form is read", async () => {
  const read = (body: string, type?: string): Promise<unknown> =>
    new Response(encode(body), { headers: type === undefined ? {} : { "content-type": type } })
      .formData()
      .then((form) => [...(form as FormData)].join("|"));
  const form = "application/x-www-form-urlencoded";
  assert.equal(await read("a=b+c%20d&=&e", form), "a,b c d|,|e,");
  assert.equal(await read("a=b", `${form};charset=UTF8`), "a,b");
  assert.equal(
    await read(
      '--a"b\ncontent-disposition: form-data; name="n"\n\nx\n--a"b--',
      'Multipart/Form-Data; Boundary="a\\"b"',
    ),
    "n,x",
  );
  await assert.rejects(read("a=b", `${form};charset=big5`), {
    message: "Non-utf-8 application/x-www-form-urlencoded body.",
  });
  await assert.rejects(read("a=b"), {
    message: "Parsing a Body as FormData requires a Content-Type header.",
  });
  await assert.rejects(read("a=b", "text/plain"), /^TypeError: Unrecognized Content-Type header/);
  for (const type of ["multipart/form-data", "multipart/form-data; boundary="]) {
    await assert.rejects(read("--b--", type), /^TypeError: No boundary string/);
  }
});

/** Numbers that look random and are the same each time. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state;
  }
}

test("whatever a FormData holds comes back when it is read", async () => {
  const random = numbers(1);
  const below = (end: number): number => random.next().value % end;
  const pick = (): string =>
    ["a", "\n", "\r", "-", "--b", "\\", " ", "ä", "€", ":", ";", "\0"][below(12)]!;
  const text = (): string => Array.from({ length: below(12) }, pick).join("");
  for (let round = 0; round < 200; round++) {
    const form = new FormData();
    for (let entries = below(5); entries > 0; entries--) {
      const name = `n${text().replace(/[\r\n\\]/g, "")}`;
      if (below(2) === 0) form.append(name, text());
      else form.append(name, new Blob([text()], { type: "a/b" }), name);
    }
    const back = (await new Response(form).formData()) as FormData;
    const plain = async (data: FormData): Promise<unknown[]> =>
      Promise.all(
        [...data].map(async ([name, value]) =>
          typeof value === "string"
            ? [name, value]
            : [name, value.name, value.type, await value.text()],
        ),
      );
    assert.deepEqual(await plain(back), await plain(form));
  }
});

test("whatever is done to a form, reading it gives a form or a TypeError", async () => {
  const random = numbers(2);
  const form = new FormData();
  form.append("field", "value\r\n");
  form.append("file", new Blob(["content"], { type: "a/b" }), "name");
  const response = new Response(form);
  const type = response.headers.get("content-type")!;
  const original = await response.bytes();
  for (let round = 0; round < 500; round++) {
    const broken = [...original];
    for (let edits = (random.next().value % 3) + 1; edits > 0; edits--) {
      const at = random.next().value % broken.length;
      const kept = random.next().value % 4;
      if (kept === 0) broken.splice(at, (random.next().value % 40) + 1);
      else if (kept === 1) broken[at] = random.next().value % 256;
      else broken.splice(at, 0, ...broken.slice(at, at + (random.next().value % 40)));
    }
    const headers = { "content-type": type };
    try {
      await new Response(new Uint8Array(broken), { headers }).formData();
    } catch (error) {
      assert.equal((error as Error).name, "TypeError", String(error));
    }
  }
});
