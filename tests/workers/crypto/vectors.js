// Known answers: of NIST's and the IETF's documents.

import { equal, hex, refusal, unbase64url, unhex, utf8 } from "./assert.js";
import { EC, ED, HMAC, publicPart, RSA } from "./keys.js";

const { subtle } = crypto;

const secret = (key, algorithm, usages) => subtle.importKey("raw", unhex(key), algorithm, false, usages);

export const VECTORS = {
  // FIPS 180-4 and RFC 1321.
  async digests() {
    const digest = async (name, text) => hex(await subtle.digest(name, utf8(text)));
    equal(await digest("MD5", "abc"), "900150983cd24fb0d6963f7d28e17f72");
    equal(await digest("SHA-1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    equal(
      await digest({ name: "sha-256" }, "abc"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    equal(
      await digest("SHA-256", ""),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    equal((await digest("SHA-384", "abc")).slice(0, 32), "cb00753f45a35e8bb5a03d699ac65007");
    equal((await digest("SHA-512", "abc")).slice(0, 32), "ddaf35a193617abacc417349ae204131");
  },
  async digest_of_much_is_the_same() {
    const much = new Uint8Array(1_000_000).fill(97);
    equal(
      hex(await subtle.digest("SHA-256", much)),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    );
  },
  async digest_of_very_much() {
    equal(
      hex(await subtle.digest("SHA-1", new Uint8Array(20 << 20))),
      "9674344c90c2f0646f0b78026e127c9b86e3ad77",
    );
  },
  // RFC 4231, test case 1.
  async hmac() {
    const key = await secret("0b".repeat(20), { name: "HMAC", hash: "SHA-256" }, ["sign", "verify"]);
    const mac = await subtle.sign("HMAC", key, utf8("Hi There"));
    equal(hex(mac), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    equal(await subtle.verify("HMAC", key, mac, utf8("Hi There")), true);
    equal(await subtle.verify("HMAC", key, mac, utf8("Hi there")), false);
    equal(await subtle.verify("HMAC", key, mac.slice(1), utf8("Hi There")), false);
  },
  // NIST SP 800-38A, F.2.1.
  async aes_cbc() {
    const algorithm = { name: "AES-CBC", iv: unhex("000102030405060708090a0b0c0d0e0f") };
    const key = await secret("2b7e151628aed2a6abf7158809cf4f3c", "AES-CBC", ["encrypt", "decrypt"]);
    const text = unhex("6bc1bee22e409f96e93d7e117393172a");
    const encrypted = await subtle.encrypt(algorithm, key, text);
    equal(hex(encrypted).slice(0, 32), "7649abac8119b246cee98e9b12e9197d");
    equal(encrypted.byteLength, 32);
    equal(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(text));
    equal(await refusal(subtle.decrypt(algorithm, key, encrypted.slice(0, 16))), "OperationError");
    equal(await refusal(subtle.decrypt(algorithm, key, encrypted.slice(1))), "OperationError");
  },
  // NIST SP 800-38A, F.5.1.
  async aes_ctr() {
    const counter = unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    const key = await secret("2b7e151628aed2a6abf7158809cf4f3c", "AES-CTR", ["encrypt", "decrypt"]);
    const text = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    const algorithm = { name: "AES-CTR", counter, length: 64 };
    const encrypted = await subtle.encrypt(algorithm, key, text);
    equal(
      hex(encrypted),
      "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff",
    );
    equal(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(text));
  },
  async aes_ctr_counts_with_as_many_bits_as_it_is_told() {
    const key = await secret("00".repeat(16), "AES-CTR", ["encrypt"]);
    const stream = async (counter, length, blocks) =>
      hex(
        await subtle.encrypt(
          { name: "AES-CTR", counter: unhex(counter), length },
          key,
          new Uint8Array(16 * blocks),
        ),
      );
    const ones = `${"ff".repeat(15)}fe`;
    const [a, b] = [await stream(ones, 128, 1), await stream("ff".repeat(16), 128, 1)];
    equal(await stream(ones, 128, 3), a + b + (await stream("00".repeat(16), 128, 1)));
    equal(await stream(ones, 8, 3), a + b + (await stream(`${"ff".repeat(15)}00`, 8, 1)));
    equal(await stream(ones, 1, 2), a + b);
    equal(await refusal(stream(ones, 1, 3)), "OperationError");
  },
  // The Galois/Counter Mode of Operation (McGrew, Viega), test cases 2 and 4.
  async aes_gcm() {
    const zero = await secret("00".repeat(16), "AES-GCM", ["encrypt", "decrypt"]);
    const encrypted = await subtle.encrypt(
      { name: "AES-GCM", iv: new Uint8Array(12) },
      zero,
      new Uint8Array(16),
    );
    equal(hex(encrypted), "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
    const key = await secret("feffe9928665731c6d6a8f9467308308", "AES-GCM", ["encrypt", "decrypt"]);
    const algorithm = {
      name: "aes-gcm",
      iv: unhex("cafebabefacedbaddecaf888"),
      additionalData: unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    };
    const text = unhex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24" +
        "49a6b525b16aedf5aa0de657ba637b39",
    );
    const sealed = await subtle.encrypt(algorithm, key, text);
    equal(hex(sealed.slice(-16)), "5bc94fbc3221a5db94fae95ae7121a47");
    equal(hex(await subtle.decrypt(algorithm, key, sealed)), hex(text));
    const short = await subtle.encrypt({ ...algorithm, tagLength: 96 }, key, text);
    equal(hex(short), hex(sealed.slice(0, -4)));
    equal(hex(await subtle.decrypt({ ...algorithm, tagLength: 96 }, key, short)), hex(text));
    equal(await refusal(subtle.decrypt(algorithm, key, short)), "OperationError");
    const other = { ...algorithm, additionalData: new Uint8Array(1) };
    equal(await refusal(subtle.decrypt(other, key, sealed)), "OperationError");
    equal(await refusal(subtle.decrypt(algorithm, key, new Uint8Array(3))), "OperationError");
  },
  // RFC 3394, 4.1.
  async aes_kw() {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const wrapping = await secret("000102030405060708090a0b0c0d0e0f", "AES-KW", [
      "wrapKey",
      "unwrapKey",
    ]);
    const key = await subtle.importKey(
      "raw",
      unhex("00112233445566778899aabbccddeeff"),
      algorithm,
      true,
      ["sign"],
    );
    const wrapped = await subtle.wrapKey("raw", key, wrapping, "AES-KW");
    equal(hex(wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    const unwrap = (bytes) =>
      subtle.unwrapKey("raw", bytes, wrapping, "AES-KW", algorithm, true, ["sign"]);
    equal(
      hex(await subtle.exportKey("raw", await unwrap(wrapped))),
      "00112233445566778899aabbccddeeff",
    );
    equal(await refusal(unwrap(wrapped.slice(0, 16))), "OperationError");
  },
  // RFC 6070.
  async pbkdf2() {
    const key = await subtle.importKey("raw", utf8("password"), "PBKDF2", false, ["deriveBits"]);
    const derive = async (iterations) =>
      hex(
        await subtle.deriveBits(
          { name: "PBKDF2", hash: "SHA-1", salt: utf8("salt"), iterations },
          key,
          160,
        ),
      );
    equal(await derive(1), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    equal(await derive(4096), "4b007901b765489abead49d926f721d065a429c1");
  },
  // RFC 5869, A.1.
  async hkdf() {
    const key = await subtle.importKey("raw", unhex("0b".repeat(22)), "HKDF", false, [
      "deriveBits",
      "deriveKey",
    ]);
    const algorithm = {
      name: "HKDF",
      hash: "SHA-256",
      salt: unhex("000102030405060708090a0b0c"),
      info: unhex("f0f1f2f3f4f5f6f7f8f9"),
    };
    const expected =
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    equal(hex(await subtle.deriveBits(algorithm, key, 42 * 8)), expected);
    const aes = await subtle.deriveKey(algorithm, key, { name: "AES-GCM", length: 256 }, true, [
      "encrypt",
    ]);
    equal(hex(await subtle.exportKey("raw", aes)), expected.slice(0, 64));
    equal(aes.algorithm, { name: "AES-GCM", length: 256 });
    const hmac = await subtle.deriveKey(algorithm, key, { name: "HMAC", hash: "SHA-1" }, true, [
      "sign",
    ]);
    equal((await subtle.exportKey("raw", hmac)).byteLength, 64);
  },
  // RFC 7515, A.1 to A.3, and RFC 8037, A.4.
  async signatures_of_the_json_web_signature_examples() {
    const payload =
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const examples = [
      [HMAC, { name: "HMAC", hash: "SHA-256" }, `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${payload}`,
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"],
      [publicPart(RSA), { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, `eyJhbGciOiJSUzI1NiJ9.${payload}`,
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" +
        "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" +
        "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO" +
        "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"],
      [publicPart(EC), { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }, `eyJhbGciOiJFUzI1NiJ9.${payload}`,
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"],
      [publicPart(ED), { name: "Ed25519" }, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"],
    ];
    for (const [jwk, algorithm, signed, signature] of examples) {
      const key = await subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
      const bytes = unbase64url(signature);
      equal(await subtle.verify(algorithm, key, bytes, utf8(signed)), true);
      equal(await subtle.verify(algorithm, key, bytes, utf8(`${signed} `)), false);
      equal(await subtle.verify(algorithm, key, bytes.subarray(1), utf8(signed)), false);
      bytes[7] ^= 1;
      equal(await subtle.verify(algorithm, key, bytes, utf8(signed)), false);
    }
  },
  // RFC 7515, A.2, and RFC 8037, A.4, again: these signatures are always the same.
  async what_signs_deterministically_gives_the_examples_signature() {
    const ed = await subtle.importKey("jwk", ED, "Ed25519", false, ["sign"]);
    equal(
      hex(
        await subtle.sign("Ed25519", ed, utf8("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")),
      ).slice(0, 16),
      "860c98d2297f3060",
    );
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const key = await subtle.importKey("jwk", RSA, rsa, false, ["sign"]);
    const signed =
      "eyJhbGciOiJSUzI1NiJ9." +
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    equal(hex(await subtle.sign(rsa, key, utf8(signed))).slice(0, 16), "702e218943e88fd1");
  },
  // RFC 7748, 6.1.
  async x25519() {
    const bob = await subtle.importKey(
      "raw",
      unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
      "X25519",
      true,
      [],
    );
    // PKCS #8 of RFC 8410 is this before the key.
    const alice = await subtle.importKey(
      "pkcs8",
      unhex(
        "302e020100300506032b656e04220420" +
          "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      ),
      "X25519",
      true,
      ["deriveBits", "deriveKey"],
    );
    const algorithm = { name: "X25519", public: bob };
    const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    equal(hex(await subtle.deriveBits(algorithm, alice, 256)), shared);
    equal(hex(await subtle.deriveBits(algorithm, alice, null)), shared);
    equal(hex(await subtle.deriveBits(algorithm, alice)), shared);
    equal(hex(await subtle.deriveBits(algorithm, alice, 128)), shared.slice(0, 32));
    equal(await refusal(subtle.deriveBits(algorithm, alice, 264)), "OperationError");
    const { x } = await subtle.exportKey("jwk", alice);
    equal(
      hex(unbase64url(x)),
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    );
    const small = await subtle.importKey("raw", new Uint8Array(32), "X25519", true, []);
    const bad = subtle.deriveBits({ name: "X25519", public: small }, alice, 256);
    equal(await refusal(bad), "OperationError");
  },
};
