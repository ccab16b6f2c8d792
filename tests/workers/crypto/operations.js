// Keys that are made here: what goes in comes out, in every format and by every algorithm.

import { equal, hex, refusal, utf8 } from "./assert.js";
import { RSA } from "./keys.js";

const { subtle } = crypto;
const text = utf8("the text");

const rsa = (name) => ({
  name,
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
});

/** Signs, verifies, and does so again with keys that went out and came in by all formats. */
async function signsAndVerifies(generate, operation, formats) {
  const pair = await subtle.generateKey(generate, true, ["sign", "verify"]);
  equal([pair.privateKey.type, pair.publicKey.type], ["private", "public"]);
  equal([pair.privateKey.usages, pair.publicKey.usages], [["sign"], ["verify"]]);
  const signature = await subtle.sign(operation, pair.privateKey, text);
  equal(await subtle.verify(operation, pair.publicKey, signature, text), true);
  equal(await subtle.verify(operation, pair.publicKey, signature, utf8("no")), false);
  for (const format of formats) {
    const exported = await subtle.exportKey(format, pair.publicKey);
    const key = await subtle.importKey(format, exported, generate, true, ["verify"]);
    equal(key.algorithm, pair.publicKey.algorithm);
    equal(await subtle.verify(operation, key, signature, text), true);
  }
  for (const format of ["pkcs8", "jwk"]) {
    const exported = await subtle.exportKey(format, pair.privateKey);
    const key = await subtle.importKey(format, exported, generate, false, ["sign"]);
    equal(key.algorithm, pair.privateKey.algorithm);
    const again = await subtle.sign(operation, key, text);
    equal(await subtle.verify(operation, pair.publicKey, again, text), true);
  }
  return pair;
}

export const OPERATIONS = {
  async ecdsa() {
    for (const [namedCurve, hash, size] of [
      ["P-256", "SHA-256", 64],
      ["P-384", "SHA-384", 96],
      ["P-521", "SHA-512", 132],
    ]) {
      const operation = { name: "ECDSA", hash };
      const pair = await signsAndVerifies({ name: "ECDSA", namedCurve }, operation, [
        "raw",
        "spki",
        "jwk",
      ]);
      equal(pair.publicKey.algorithm, { name: "ECDSA", namedCurve });
      equal((await subtle.sign(operation, pair.privateKey, text)).byteLength, size);
    }
  },
  async ed25519() {
    const pair = await signsAndVerifies("Ed25519", "Ed25519", ["raw", "spki", "jwk"]);
    equal(pair.publicKey.algorithm, { name: "Ed25519" });
  },
  async node_ed25519() {
    const algorithm = { name: "NODE-ED25519", namedCurve: "NODE-ED25519" };
    const pair = await signsAndVerifies(algorithm, "NODE-ED25519", ["raw", "spki", "jwk"]);
    equal(pair.publicKey.algorithm, algorithm);
  },
  async rsassa_pkcs1() {
    const pair = await signsAndVerifies(rsa("RSASSA-PKCS1-v1_5"), "RSASSA-PKCS1-v1_5", [
      "spki",
      "jwk",
    ]);
    const { name, modulusLength, publicExponent, hash } = pair.publicKey.algorithm;
    equal([name, modulusLength, hash], ["RSASSA-PKCS1-v1_5", 2048, { name: "SHA-256" }]);
    equal(hex(publicExponent), "010001");
  },
  async rsa_pss() {
    await signsAndVerifies(rsa("RSA-PSS"), { name: "RSA-PSS", saltLength: 32 }, ["spki", "jwk"]);
  },
  async rsa_oaep() {
    const algorithm = { name: "RSA-OAEP", hash: "SHA-1" };
    const { n, e, kty } = RSA;
    const open = await subtle.importKey("jwk", { n, e, kty }, algorithm, true, [
      "encrypt",
      "wrapKey",
    ]);
    const secret = await subtle.importKey("jwk", RSA, algorithm, true, ["decrypt", "unwrapKey"]);
    const label = utf8("label");
    const sealed = await subtle.encrypt({ name: "RSA-OAEP", label }, open, text);
    equal(hex(await subtle.decrypt({ name: "RSA-OAEP", label }, secret, sealed)), hex(text));
    equal(await refusal(subtle.decrypt("RSA-OAEP", secret, sealed)), "OperationError");
    const long = new Uint8Array(256);
    equal(await refusal(subtle.encrypt("RSA-OAEP", open, long)), "OperationError");
    const aes = await subtle.generateKey({ name: "AES-CBC", length: 256 }, true, ["encrypt"]);
    const wrapped = await subtle.wrapKey("raw", aes, open, "RSA-OAEP");
    const unwrapped = await subtle.unwrapKey("raw", wrapped, secret, "RSA-OAEP", "AES-CBC", true, [
      "encrypt",
    ]);
    equal(
      hex(await subtle.exportKey("raw", unwrapped)),
      hex(await subtle.exportKey("raw", aes)),
    );
  },
  async jwk_of_a_private_key_is_what_it_was_made_from() {
    const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
    const key = await subtle.importKey("jwk", RSA, algorithm, true, ["decrypt"]);
    const exported = await subtle.exportKey("jwk", key);
    for (const name of Object.keys(RSA)) equal(exported[name], RSA[name]);
    equal([exported.alg, exported.ext, exported.key_ops], ["RSA-OAEP-256", true, ["decrypt"]]);
  },
  async ecdh() {
    for (const namedCurve of ["P-256", "P-384", "P-521"]) {
      const algorithm = { name: "ECDH", namedCurve };
      const a = await subtle.generateKey(algorithm, true, ["deriveBits", "deriveKey"]);
      const b = await subtle.generateKey(algorithm, true, ["deriveBits", "deriveKey"]);
      equal(a.publicKey.usages, []);
      const raw = await subtle.exportKey("raw", b.publicKey);
      const theirs = await subtle.importKey("raw", raw, algorithm, false, []);
      const ab = await subtle.deriveBits({ name: "ECDH", public: theirs }, a.privateKey, null);
      const ba = await subtle.deriveBits({ name: "ECDH", public: a.publicKey }, b.privateKey, null);
      equal(hex(ab), hex(ba));
      const bits = { name: "ECDH", public: theirs };
      const some = await subtle.deriveBits(bits, a.privateKey, 125);
      equal(some.byteLength, 16);
      equal(new Uint8Array(some)[15] & 7, 0);
      const key = await subtle.deriveKey(bits, a.privateKey, { name: "AES-GCM", length: 128 }, true, [
        "encrypt",
      ]);
      equal(hex(await subtle.exportKey("raw", key)), hex(ab).slice(0, 32));
    }
  },
  async aes_keys_of_all_lengths() {
    for (const name of ["AES-CBC", "AES-CTR", "AES-GCM", "AES-KW"]) {
      for (const length of [128, 192, 256]) {
        const usages = ["wrapKey", "unwrapKey"];
        const key = await subtle.generateKey({ name, length }, true, usages);
        equal(key.algorithm, { name, length });
        const jwk = await subtle.exportKey("jwk", key);
        equal([jwk.kty, jwk.alg], ["oct", `A${length}${name.slice(4)}`]);
        const again = await subtle.importKey("jwk", jwk, name, true, usages);
        equal(
          hex(await subtle.exportKey("raw", again)),
          hex(await subtle.exportKey("raw", key)),
        );
      }
    }
  },
  async keys_wrapped_as_jwk() {
    const iv = new Uint8Array(12);
    const usages = ["wrapKey", "unwrapKey"];
    for (const [algorithm, wrap] of [
      [{ name: "AES-GCM", length: 256 }, { name: "AES-GCM", iv }],
      [{ name: "AES-KW", length: 256 }, { name: "AES-KW" }],
    ]) {
      const wrapping = await subtle.generateKey(algorithm, false, usages);
      const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
        "sign",
        "verify",
      ]);
      const wrapped = await subtle.wrapKey("jwk", pair.privateKey, wrapping, wrap);
      const key = await subtle.unwrapKey(
        "jwk", wrapped, wrapping, wrap, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"],
      );
      const signing = { name: "ECDSA", hash: "SHA-256" };
      const signature = await subtle.sign(signing, key, text);
      equal(await subtle.verify(signing, pair.publicKey, signature, text), true);
    }
  },
  async much_data_goes_through_the_pool() {
    const data = crypto.getRandomValues(new Uint8Array(65_536));
    const much = new Uint8Array(1 << 20);
    for (let at = 0; at < much.length; at += data.length) much.set(data, at);
    const iv = new Uint8Array(16);
    for (const algorithm of [
      { name: "AES-GCM", iv },
      { name: "AES-CBC", iv },
      { name: "AES-CTR", counter: iv, length: 64 },
    ]) {
      const key = await subtle.generateKey({ name: algorithm.name, length: 256 }, false, [
        "encrypt",
        "decrypt",
      ]);
      const sealed = await subtle.encrypt(algorithm, key, much);
      const opened = await subtle.decrypt(algorithm, key, sealed);
      equal(crypto.subtle.timingSafeEqual(opened, much), true);
    }
  },
  async many_at_once() {
    const digests = Array.from({ length: 50 }, (_, i) =>
      subtle.digest("SHA-256", new Uint8Array(100_000).fill(i)),
    );
    equal(new Set((await Promise.all(digests)).map(hex)).size, 50);
  },
  async an_isolate_is_not_blocked_by_the_pool() {
    const key = await subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: text, iterations: 20_000 };
    for (let i = 0; i < 100 && ticks === 0; i++) await subtle.deriveBits(algorithm, key, 256);
    clearInterval(timer);
    equal(ticks > 0, true);
  },
  timing_safe_equal() {
    equal(subtle.timingSafeEqual(text, utf8("the text")), true);
    equal(subtle.timingSafeEqual(text.buffer, new DataView(utf8("the tex!").buffer)), false);
    let error;
    try {
      subtle.timingSafeEqual(text, new Uint8Array(1));
    } catch (thrown) {
      error = thrown;
    }
    equal(error instanceof TypeError, true);
  },
  async digest_stream() {
    const stream = new crypto.DigestStream("SHA-256");
    equal(stream instanceof WritableStream, true);
    const writer = stream.getWriter();
    await writer.write("a");
    await writer.write(utf8("b"));
    await writer.write(utf8("c").buffer);
    await writer.close();
    equal(
      hex(await stream.digest),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    equal(stream.bytesWritten, 3);
    const body = new Response("abc").body;
    const piped = new crypto.DigestStream({ name: "MD5" });
    await body.pipeTo(piped);
    equal(hex(await piped.digest), "900150983cd24fb0d6963f7d28e17f72");
  },
  async digest_stream_that_is_given_up() {
    const stream = new crypto.DigestStream("SHA-256");
    await stream.abort(new TypeError("enough"));
    equal(await refusal(stream.digest), "TypeError");
    const wrong = new crypto.DigestStream("SHA-256");
    equal(await refusal(wrong.getWriter().write({})), "TypeError");
    equal(await refusal(wrong.digest), "TypeError");
  },
};
