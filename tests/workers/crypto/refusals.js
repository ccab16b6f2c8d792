// What is refused, and by which name.

import { equal, refusal, unhex, utf8 } from "./assert.js";
import { EC, ED, HMAC, publicPart, RSA } from "./keys.js";

const { subtle } = crypto;
const text = utf8("text");
const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];
const RSA_HASH = { hash: "SHA-256" };

const hmacKey = (extractable = true, usages = ["sign", "verify"]) =>
  subtle.importKey("raw", text, { name: "HMAC", hash: "SHA-256" }, extractable, usages);

/** How each kind of key is imported, and what it is good for. */
const KINDS = [
  ["raw", new Uint8Array(16), "AES-CBC", "encrypt decrypt wrapKey unwrapKey"],
  ["raw", new Uint8Array(16), "AES-CTR", "encrypt decrypt wrapKey unwrapKey"],
  ["raw", new Uint8Array(16), "AES-GCM", "encrypt decrypt wrapKey unwrapKey"],
  ["raw", new Uint8Array(16), "AES-KW", "wrapKey unwrapKey"],
  ["raw", new Uint8Array(16), { name: "HMAC", hash: "SHA-1" }, "sign verify"],
  ["raw", new Uint8Array(16), "PBKDF2", "deriveKey deriveBits"],
  ["raw", new Uint8Array(16), "HKDF", "deriveKey deriveBits"],
  ["jwk", publicPart(RSA), { name: "RSASSA-PKCS1-v1_5", ...RSA_HASH }, "verify"],
  ["jwk", RSA, { name: "RSASSA-PKCS1-v1_5", ...RSA_HASH }, "sign"],
  ["jwk", publicPart(RSA), { name: "RSA-PSS", ...RSA_HASH }, "verify"],
  ["jwk", RSA, { name: "RSA-PSS", ...RSA_HASH }, "sign"],
  ["jwk", publicPart(RSA), { name: "RSA-OAEP", ...RSA_HASH }, "encrypt wrapKey"],
  ["jwk", RSA, { name: "RSA-OAEP", ...RSA_HASH }, "decrypt unwrapKey"],
  ["jwk", publicPart(EC), { name: "ECDSA", namedCurve: "P-256" }, "verify"],
  ["jwk", EC, { name: "ECDSA", namedCurve: "P-256" }, "sign"],
  ["jwk", publicPart(EC), { name: "ECDH", namedCurve: "P-256" }, ""],
  ["jwk", EC, { name: "ECDH", namedCurve: "P-256" }, "deriveKey deriveBits"],
  ["jwk", publicPart(ED), "Ed25519", "verify"],
  ["jwk", ED, "Ed25519", "sign"],
];

export const REFUSALS = {
  async usages_that_a_kind_of_key_has_not() {
    for (const [format, data, algorithm, allowed] of KINDS) {
      for (const usage of USAGES) {
        const importing = subtle.importKey(format, data, algorithm, false, [usage]);
        const name = allowed.split(" ").includes(usage) ? "" : await refusal(importing);
        equal(name, allowed.split(" ").includes(usage) ? "" : "SyntaxError");
        if (name === "") equal((await importing).usages, [usage]);
      }
    }
  },
  async secret_and_private_keys_without_a_usage() {
    for (const [format, data, algorithm] of KINDS) {
      const isPublic = format === "jwk" && data.d === undefined;
      const importing = subtle.importKey(format, data, algorithm, false, []);
      if (isPublic) equal((await importing).usages, []);
      else equal(await refusal(importing), "SyntaxError");
    }
    const ec = { name: "ECDSA", namedCurve: "P-256" };
    equal(await refusal(subtle.generateKey(ec, true, [])), "SyntaxError");
    equal(await refusal(subtle.generateKey(ec, true, ["verify"])), "SyntaxError");
    const aes = { name: "AES-GCM", length: 128 };
    equal(await refusal(subtle.generateKey(aes, true, [])), "SyntaxError");
  },
  async keys_used_for_what_they_are_not_for() {
    const key = await hmacKey(true, ["verify"]);
    equal(await refusal(subtle.sign("HMAC", key, text)), "InvalidAccessError");
    const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };
    equal(await refusal(subtle.encrypt(gcm, key, text)), "InvalidAccessError");
    const open = await subtle.importKey("jwk", publicPart(ED), "Ed25519", true, ["verify"]);
    equal(await refusal(subtle.sign("Ed25519", open, text)), "InvalidAccessError");
  },
  async keys_that_may_not_leave() {
    const key = await hmacKey(false);
    equal(key.extractable, false);
    equal(await refusal(subtle.exportKey("raw", key)), "InvalidAccessError");
    const wrapping = await subtle.generateKey({ name: "AES-KW", length: 128 }, false, ["wrapKey"]);
    equal(await refusal(subtle.wrapKey("raw", key, wrapping, "AES-KW")), "InvalidAccessError");
    const pair = await subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    equal([pair.privateKey.extractable, pair.publicKey.extractable], [false, true]);
    equal(await refusal(subtle.exportKey("pkcs8", pair.privateKey)), "InvalidAccessError");
    equal(await refusal(subtle.exportKey("pkcs8", pair.publicKey)), "InvalidAccessError");
  },
  async algorithms_that_there_are_not() {
    const key = await hmacKey();
    equal(await refusal(subtle.digest("SHA-3", text)), "NotSupportedError");
    equal(await refusal(subtle.digest("toString", text)), "NotSupportedError");
    equal(await refusal(subtle.sign("SHA-256", key, text)), "NotSupportedError");
    equal(await refusal(subtle.encrypt("HMAC", key, text)), "NotSupportedError");
    equal(await refusal(subtle.generateKey("PBKDF2", true, ["sign"])), "NotSupportedError");
    const unknown = { name: "ECDSA", namedCurve: "P-192" };
    equal(await refusal(subtle.generateKey(unknown, true, ["sign"])), "NotSupportedError");
    const hash = { name: "HMAC", hash: "SHA-2" };
    equal(await refusal(subtle.generateKey(hash, true, ["sign"])), "NotSupportedError");
  },
  async arguments_of_the_wrong_type() {
    const key = await hmacKey();
    equal(await refusal(subtle.digest("SHA-256")), "TypeError");
    equal(await refusal(subtle.digest("SHA-256", "text")), "TypeError");
    equal(await refusal(subtle.digest({}, text)), "TypeError");
    equal(await refusal(subtle.sign("HMAC", {}, text)), "TypeError");
    equal(await refusal(subtle.exportKey("der", key)), "TypeError");
    const hmac = { name: "HMAC", hash: "SHA-1" };
    equal(await refusal(subtle.importKey("raw", text, hmac, true, ["fly"])), "TypeError");
    equal(await refusal(subtle.importKey("raw", text, hmac, true, "sign")), "TypeError");
    equal(await refusal(subtle.importKey("jwk", text.buffer, hmac, true, ["sign"])), "DataError");
    equal(await refusal(subtle.importKey("raw", text, "HMAC", true, ["sign"])), "TypeError");
    equal(await refusal(subtle.generateKey("AES-GCM", true, ["encrypt"])), "TypeError");
    const { digest } = subtle;
    equal(await refusal(digest("SHA-256", text)), "TypeError");
  },
  async parameters_that_make_no_sense() {
    const aes = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt"]);
    const gcm = (more) => subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12), ...more }, aes, text);
    equal(await refusal(gcm({ tagLength: 100 })), "OperationError");
    equal(await refusal(gcm({ iv: new Uint8Array(0) })), "OperationError");
    equal(await refusal(gcm({ iv: undefined })), "TypeError");
    const cbc = await subtle.importKey("raw", new Uint8Array(16), "AES-CBC", false, ["encrypt"]);
    const short = { name: "AES-CBC", iv: new Uint8Array(8) };
    equal(await refusal(subtle.encrypt(short, cbc, text)), "OperationError");
    const wrong = { name: "AES-GCM", length: 100 };
    equal(await refusal(subtle.generateKey(wrong, true, ["encrypt"])), "OperationError");
    equal(await refusal(subtle.generateKey({ ...wrong, length: -1 }, true, ["encrypt"])), "TypeError");
    const rsa = { name: "RSA-PSS", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]) };
    for (const [more, name] of [
      [{ modulusLength: 2048, publicExponent: new Uint8Array([5]) }, "OperationError"],
      [{ modulusLength: 2048, publicExponent: 3 }, "TypeError"],
      [{ modulusLength: 512 }, "OperationError"],
      [{ modulusLength: 16384 }, "OperationError"],
    ]) {
      equal(await refusal(subtle.generateKey({ ...rsa, ...more }, true, ["sign"])), name);
    }
  },
  async derivations_that_go_too_far() {
    const key = await subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
    const derive = (more, bits) =>
      subtle.deriveBits(
        { name: "PBKDF2", hash: "SHA-256", salt: text, iterations: 10, ...more },
        key,
        bits,
      );
    equal(await refusal(derive({ iterations: 100_001 }, 256)), "NotSupportedError");
    equal(await refusal(derive({ iterations: 0 }, 256)), "OperationError");
    equal(await refusal(derive({ iterations: 100_000 }, 1 << 30)), "OperationError");
    equal(await refusal(derive({}, null)), "OperationError");
    equal(await refusal(derive({}, 9)), "OperationError");
    const hkdf = await subtle.importKey("raw", text, "HKDF", false, ["deriveBits"]);
    const much = subtle.deriveBits(
      { name: "HKDF", hash: "SHA-256", salt: text, info: text },
      hkdf,
      255 * 256 + 8,
    );
    equal(await refusal(much), "OperationError");
    equal(await refusal(subtle.importKey("raw", text, "HKDF", true, ["deriveBits"])), "SyntaxError");
  },
  async keys_that_do_not_belong_together() {
    const usages = ["deriveBits"];
    const a = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, usages);
    const b = await subtle.generateKey({ name: "ECDH", namedCurve: "P-384" }, false, usages);
    const c = await subtle.generateKey("X25519", false, usages);
    for (const other of [b.publicKey, c.publicKey, a.privateKey]) {
      const deriving = subtle.deriveBits({ name: "ECDH", public: other }, a.privateKey, 128);
      equal(await refusal(deriving), "InvalidAccessError");
    }
    const nothing = subtle.deriveBits({ name: "ECDH", public: {} }, a.privateKey, 128);
    equal(await refusal(nothing), "TypeError");
  },
  async keys_that_are_no_keys() {
    const garbage = crypto.getRandomValues(new Uint8Array(120));
    const ec = { name: "ECDSA", namedCurve: "P-256" };
    const rsa = { name: "RSA-PSS", hash: "SHA-256" };
    for (const [format, algorithm, usage] of [
      ["raw", ec, "verify"],
      ["spki", ec, "verify"],
      ["pkcs8", ec, "sign"],
      ["spki", rsa, "verify"],
      ["pkcs8", rsa, "sign"],
      ["raw", "Ed25519", "verify"],
      ["pkcs8", "Ed25519", "sign"],
    ]) {
      for (const size of [0, 1, 65, 120]) {
        const data = garbage.subarray(0, size);
        equal(await refusal(subtle.importKey(format, data, algorithm, true, [usage])), "DataError");
      }
    }
    for (const size of [0, 15, 33]) {
      const data = new Uint8Array(size);
      equal(await refusal(subtle.importKey("raw", data, "AES-GCM", true, ["encrypt"])), "DataError");
    }
    const empty = subtle.importKey("raw", new Uint8Array(0), { name: "HMAC", hash: "SHA-1" }, true, ["sign"]);
    equal(await refusal(empty), "DataError");
  },
  async keys_that_nobody_has() {
    // SubjectPublicKeyInfo of an algorithm 1.2.3.4.
    const unknown = unhex("300b300506032a0304030200ff");
    const ec = { name: "ECDSA", namedCurve: "P-256" };
    equal(await refusal(subtle.importKey("spki", unknown, ec, true, ["verify"])), "DataError");
    const rsa = { name: "RSA-PSS", hash: "SHA-256" };
    const long = new Uint8Array(2 << 20).fill(255);
    const k = long.toBase64({ alphabet: "base64url", omitPadding: true });
    const jwk = { ...RSA, p: k, q: k };
    equal(await refusal(subtle.importKey("jwk", jwk, rsa, true, ["sign"])), "DataError");
    equal(await refusal(subtle.importKey("pkcs8", long, rsa, true, ["sign"])), "DataError");
    equal(await refusal(subtle.importKey("raw", long, ec, true, ["verify"])), "DataError");
  },
  async keys_of_another_kind() {
    const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const spki = await subtle.exportKey("spki", pair.publicKey);
    for (const algorithm of [
      { name: "ECDSA", namedCurve: "P-384" },
      { name: "RSA-PSS", hash: "SHA-256" },
      "Ed25519",
    ]) {
      equal(await refusal(subtle.importKey("spki", spki, algorithm, true, ["verify"])), "DataError");
    }
  },
  async json_web_keys_that_say_otherwise() {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const bad = (jwk, kind = algorithm, usage = "verify") =>
      refusal(subtle.importKey("jwk", jwk, kind, true, [usage]));
    equal(await bad({ ...HMAC, kty: "RSA" }), "DataError");
    equal(await bad({ ...HMAC, alg: "HS512" }), "DataError");
    equal(await bad({ ...HMAC, use: "enc" }), "DataError");
    equal(await bad({ ...HMAC, ext: false }), "DataError");
    equal(await bad({ ...HMAC, key_ops: ["sign"] }), "DataError");
    equal(await bad({ ...HMAC, key_ops: ["verify", "verify"] }), "DataError");
    equal(await bad({ ...HMAC, k: undefined }), "DataError");
    equal(await bad({ ...HMAC, k: "a=b" }), "DataError");
    equal(await bad({ ...HMAC, k: "A" }), "DataError");
    const ec = { name: "ECDSA", namedCurve: "P-256" };
    equal(await bad({ ...publicPart(EC), crv: "P-384" }, ec), "DataError");
    equal(await bad({ ...publicPart(EC), x: EC.y }, ec), "DataError");
    equal(await bad({ ...EC, d: ED.d }, ec, "sign"), "DataError");
    equal(await bad({ ...ED, x: EC.x }, "Ed25519", "sign"), "DataError");
    const rsa = { name: "RSA-PSS", hash: "SHA-256" };
    equal(await bad({ ...RSA, q: RSA.p }, rsa, "sign"), "DataError");
    equal(await bad({ ...RSA, qi: undefined }, rsa, "sign"), "DataError");
    equal(await bad({ ...RSA, alg: "RS256" }, rsa, "sign"), "DataError");
    equal(await bad({ ...publicPart(RSA), e: "" }, rsa), "DataError");
  },
  async what_was_unwrapped_and_is_no_key() {
    const usages = ["encrypt", "unwrapKey"];
    const wrapping = await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, usages);
    const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };
    for (const content of ["no JSON", "[1]", "7", "null", '{"kty":{}}', '{"kty":"oct","k":1}']) {
      const wrapped = await subtle.encrypt(gcm, wrapping, utf8(content));
      const unwrapping = subtle.unwrapKey(
        "jwk", wrapped, wrapping, gcm, { name: "HMAC", hash: "SHA-1" }, true, ["sign"],
      );
      equal(await refusal(unwrapping), "DataError");
    }
  },
  async random_values() {
    const name = (array) => {
      try {
        crypto.getRandomValues(array);
      } catch (error) {
        return error.name;
      }
      return "";
    };
    equal(name(new Float32Array(1)), "TypeMismatchError");
    equal(name(new DataView(new ArrayBuffer(1))), "TypeMismatchError");
    equal(name({}), "TypeMismatchError");
    equal(name(new Uint8Array(65_537)), "QuotaExceededError");
    equal(name(new BigUint64Array(8192)), "");
    equal(name(new Uint8Array(0)), "");
  },
};
