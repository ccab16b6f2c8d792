import assert from "node:assert/strict";
import { test } from "node:test";
import { takeLatePrimordials } from "../src/primordials.js";
import { atob as ourAtob, btoa as ourBtoa } from "../src/web/base64.js";
import { TextDecoder as OurDecoder, TextEncoder as OurEncoder } from "../src/web/encoding.js";

takeLatePrimordials();

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

test("TextEncoder", () => {
  const encoder = new OurEncoder();
  assert.deepEqual([...encoder.encode("é\ud800")], [0xc3, 0xa9, 0xef, 0xbf, 0xbd]);
  assert.equal(encoder.encode().length, 0);
  const target = new Uint8Array(5);
  assert.deepEqual(encoder.encodeInto("aé𝒳", target), { read: 2, written: 3 });
  assert.deepEqual([...target], [0x61, 0xc3, 0xa9, 0, 0]);
  assert.deepEqual(encoder.encodeInto("ab", new Uint8Array(9)), { read: 2, written: 2 });
  assert.throws(() => encoder.encodeInto("a", [] as never), TypeError);
});

test("labels", () => {
  assert.equal(new OurDecoder(" UTF8\n").encoding, "utf-8");
  assert.equal(new OurDecoder("latin1").encoding, "windows-1252");
  assert.equal(new OurDecoder("utf-16").encoding, "utf-16le");
  assert.throws(() => new OurDecoder("klingon"), RangeError);
});

test("byte order marks, once per stream", () => {
  const data = bytes(0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf);
  assert.equal(new OurDecoder().decode(data), "a\ufeff");
  assert.equal(new OurDecoder("utf-8", { ignoreBOM: true }).decode(data), "\ufeffa\ufeff");
  const decoder = new OurDecoder();
  assert.equal(decoder.decode(data.subarray(0, 2), { stream: true }), "");
  assert.equal(decoder.decode(data.subarray(2, 4), { stream: true }), "a");
  assert.equal(decoder.decode(data.subarray(4)), "\ufeff");
  assert.equal(decoder.decode(data), "a\ufeff");
  assert.equal(new OurDecoder("utf-16be").decode(bytes(0xfe, 0xff, 0, 0x61)), "a");
});

test("windows-1252 and sources", () => {
  assert.equal(new OurDecoder("ascii").decode(bytes(0x80, 0x81, 0xe9, 0x41)), "€\u0081éA");
  assert.equal(new OurDecoder().decode(new Uint8Array([0, 97, 98]).buffer), "\0ab");
  assert.equal(
    new OurDecoder().decode(new DataView(bytes(97, 98, 99).buffer as ArrayBuffer, 1)),
    "bc",
  );
  assert.throws(() => new OurDecoder().decode("x" as never), TypeError);
});

for (const label of ["utf-8", "utf-16le", "utf-16be"]) {
  test(`${label} as node decodes it, whole and in pieces, fatal and not`, () => {
    let seed = 5;
    const pick = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const interesting = [
      0x00, 0x41, 0x80, 0x9f, 0xa0, 0xbb, 0xbf, 0xc3, 0xd8, 0xdc, 0xe0, 0xed, 0xef,
    ];
    interesting.push(0xf0, 0xf4, 0xff, 0x90);
    for (let round = 0; round < 20_000; round++) {
      const data = bytes(...Array.from({ length: pick(9) }, () => interesting[pick(17)]!));
      for (const fatal of [false, true]) {
        const run = (Decoder: typeof OurDecoder): string => {
          try {
            return new Decoder(label, { fatal }).decode(data);
          } catch (error) {
            return (error as Error).constructor.name;
          }
        };
        const expected = run(TextDecoder as unknown as typeof OurDecoder);
        assert.equal(run(OurDecoder), expected, `${fatal} ${[...data]}`);
      }
      const decoder = new OurDecoder(label);
      const cut = pick(data.length + 1);
      const text =
        decoder.decode(data.subarray(0, cut), { stream: true }) +
        decoder.decode(data.subarray(cut));
      assert.equal(text, new OurDecoder(label).decode(data), `${[...data]} at ${cut}`);
    }
  });
}

test("atob and btoa as node has them", () => {
  const inputs = [
    "",
    "YQ==",
    "YQ",
    "YQ=",
    "Y",
    "YWJj",
    " Y W\nJj ",
    "YWJj=",
    "YR==",
    "!",
    "é",
    "=",
    "====",
  ];
  for (const input of inputs) {
    const run = (decode: (text: string) => string): string => {
      try {
        return decode(input);
      } catch (error) {
        return (error as Error).name;
      }
    };
    assert.equal(run(ourAtob), run(atob), JSON.stringify(input));
  }
  const binary = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)).repeat(100);
  assert.equal(ourBtoa(binary), btoa(binary));
  assert.equal(ourAtob(ourBtoa(binary)), binary);
  assert.throws(() => ourBtoa("€"), { name: "InvalidCharacterError", code: 5 });
});
