import bufferModule, { Buffer as NodeBuffer, constants, isAscii, isUtf8, transcode } from "node:buffer";
import { equal, same, serve, thrown } from "./harness.js";

export default serve({
  is_global() {
    equal(Buffer, NodeBuffer);
    equal(bufferModule.Buffer, Buffer);
    equal(Buffer.from("x") instanceof Uint8Array, true);
    equal(Buffer.isBuffer(Buffer.alloc(1)), true);
    equal(Buffer.isBuffer(new Uint8Array(1)), false);
  },
  encodings() {
    const text = "aé€😀";
    for (const encoding of ["utf8", "utf-8", "ucs2", "utf16le", "base64", "base64url", "hex"]) {
      const bytes = Buffer.from(text).toString(encoding);
      equal(Buffer.isEncoding(encoding), true);
      if (/^(base|hex)/.test(encoding)) equal(Buffer.from(bytes, encoding).toString(), text);
      else equal(Buffer.from(text, encoding).toString(encoding), text);
    }
    equal(Buffer.from("fb_-", "base64").toString("hex"), "7dbffe");
    equal(Buffer.from([0xfb, 0xff]).toString("base64url"), "-_8");
    equal(Buffer.from([0xfb, 0xff]).toString("base64"), "+/8=");
    equal(Buffer.from("a GV\ns bG8=x", "base64").toString("latin1"), Buffer.from("aGVsbG8", "base64").toString("latin1"));
    equal(Buffer.from("abcxyz", "hex").toString("hex"), "abc".slice(0, 2));
    equal(Buffer.from("é", "latin1").length, 1);
    equal(Buffer.from([0xc3, 0x28]).toString(), "\ufffd(");
    equal(Buffer.from("\ufeffx").toString(), "\ufeffx");
    equal(Buffer.byteLength("€"), 3);
    equal(Buffer.byteLength("aGk", "base64"), 2);
    equal(Buffer.from("hello").toString("utf8", 1, 3), "el");
    equal(Buffer.isEncoding("nope"), false);
    equal(thrown(() => Buffer.from("x", "nope")).name, "TypeError");
  },
  numbers() {
    const buffer = Buffer.alloc(16);
    buffer.writeUInt32BE(0xdeadbeef, 0);
    buffer.writeDoubleLE(1.5, 4);
    equal(buffer.readUInt32BE(0), 0xdeadbeef);
    equal(buffer.readInt8(0), -34);
    equal(buffer.readDoubleLE(4), 1.5);
    buffer.writeBigInt64LE(-5n, 8);
    equal(buffer.readBigInt64LE(8), -5n);
  },
  lists() {
    const all = Buffer.concat([Buffer.from("a"), Buffer.from("bc")]);
    equal(all.toString(), "abc");
    equal(all.equals(Buffer.from("abc")), true);
    equal(Buffer.compare(Buffer.from("a"), Buffer.from("b")), -1);
    equal(all.indexOf("c"), 2);
    equal(all.includes("b"), true);
    equal(all.slice(1).toString(), "bc");
    equal(all.subarray(0, 1).toString(), "a");
    equal(Buffer.alloc(3, "xy").toString(), "xyx");
    equal(Buffer.alloc(4).fill("aGk", "base64url").toString(), "hihi");
    const target = Buffer.alloc(4);
    equal(target.write("hi", 1), 2);
    equal(target.write("aGk", 0, "base64url"), 2);
    equal(target.toString("latin1"), "hii\0");
    same(Buffer.from("a").toJSON(), { type: "Buffer", data: [97] });
    equal(Buffer.from(new Uint16Array([1, 2])).length, 2);
    equal(Buffer.copyBytesFrom(new Uint16Array([1, 2])).length, 4);
    equal([...Buffer.from("ab").entries()].join(), "0,97,1,98");
    const shared = new Uint8Array([1, 2, 3]);
    equal(Buffer.from(shared.buffer, 1, 1)[0], 2);
  },
  more() {
    equal(isUtf8(Buffer.from("é")), true);
    equal(isUtf8(Buffer.from([0xff])), false);
    equal(isAscii(Buffer.from("e")), true);
    equal(transcode(Buffer.from("€é"), "utf8", "latin1").toString("latin1"), "?é");
    equal(constants.MAX_LENGTH > 1e6, true);
  },
  large() {
    const text = "€".repeat(100_000);
    equal(Buffer.from(text).toString("base64").length, 400_000);
    equal(Buffer.from(Buffer.from(text).toString("base64"), "base64").toString(), text);
  },
});
