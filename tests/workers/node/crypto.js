import crypto, { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { equal, rejected, same, serve, thrown } from "./harness.js";

const EC_KEY = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIL3/UHLi5m1uafaRGQd15cqGgEfsaESMhQ1yVUcblnZboAoGCCqGSM49
AwEHoUQDQgAEicrpR1LsasDVC3nVppNJIIbKLoEUjUPM/o+m5tUECJ2s9cNCo46H
KYfKvs8qEGBFgBXrx6Ea8xbFSSGhVPJA9g==
-----END EC PRIVATE KEY-----
`;

export default serve({
  hashes() {
    equal(createHash("sha256").update("abc").digest("hex"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    equal(createHash("md5").update("a").update("bc").digest("base64"), "kAFQmDzST7DWlj99KOF/cg==");
    equal(createHash("SHA-512").update("").digest().length, 64);
    equal(createHash("RSA-SHA1").update("abc").digest("hex"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    equal(createHash("sha3-256").update(new Uint8Array(0)).digest("hex").slice(0, 8), "a7ffc6f8");
    equal(crypto.hash("sha1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    equal(crypto.getHashes().includes("sha256"), true);
    equal(/Invalid digest/.test(thrown(() => createHash("nope")).message), true);
    const hash = createHash("sha256").update("a");
    const copy = hash.copy().update("bc");
    equal(copy.digest("hex").slice(0, 8), "ba7816bf");
    equal(hash.digest("hex").slice(0, 8), "ca978112");
    equal(thrown(() => hash.update("x")).message, "Digest already called");
  },
  large_hash() {
    const piece = new Uint8Array(100_000);
    const hash = createHash("sha256");
    for (let i = 0; i < 20; i++) hash.update(piece);
    equal(hash.digest("hex"), createHash("sha256").update(new Uint8Array(2_000_000)).digest("hex"));
    const hmac = createHmac("sha1", "key");
    for (let i = 0; i < 5; i++) hmac.update(piece);
    equal(hmac.digest("hex"), createHmac("sha1", "key").update(new Uint8Array(500_000)).digest("hex"));
  },
  async hash_as_a_stream() {
    const hash = Readable.from(["a", "bc"]).pipe(createHash("sha256").setEncoding("hex"));
    equal((await text(hash)).slice(0, 8), "ba7816bf");
  },
  hmac() {
    equal(createHmac("sha256", "key").update("The quick brown fox jumps over the lazy dog").digest("hex"),
      "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
    const key = crypto.createSecretKey(Buffer.from("key"));
    equal(createHmac("md5", key).update("x").digest("hex"), createHmac("md5", "key").update("x").digest("hex"));
  },
  async random() {
    equal(randomBytes(16).length, 16);
    equal(Buffer.isBuffer(randomBytes(1)), true);
    equal(randomBytes(16).equals(randomBytes(16)), false);
    equal((await promisify(randomBytes)(100_000)).length, 100_000);
    equal(/^[0-9a-f-]{36}$/.test(crypto.randomUUID()), true);
    for (let i = 0; i < 50; i++) {
      const number = crypto.randomInt(3, 6);
      equal(number >= 3 && number < 6, true);
    }
    equal(crypto.randomInt(1), 0);
    equal(thrown(() => crypto.randomInt(0)).name, "RangeError");
    const half = crypto.randomFillSync(new Uint8Array(64), 32);
    same([...half.slice(0, 32)], new Array(32).fill(0));
    equal(crypto.webcrypto, globalThis.crypto);
    equal(crypto.subtle, globalThis.crypto.subtle);
  },
  timing_safe_equal() {
    equal(timingSafeEqual(Buffer.from("a"), Buffer.from("a")), true);
    equal(timingSafeEqual(Buffer.from("a"), Buffer.from("b")), false);
    equal(thrown(() => timingSafeEqual(Buffer.from("a"), Buffer.from("bc"))).name, "RangeError");
  },
  async keys_from_passwords() {
    equal(crypto.pbkdf2Sync("password", "salt", 1, 20, "sha1").toString("hex"),
      "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    equal((await promisify(crypto.pbkdf2)("password", "salt", 2, 20, "sha1")).toString("hex"),
      "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
    equal(crypto.scryptSync("", "", 64, { N: 16, r: 1, p: 1 }).toString("hex").slice(0, 16), "77d6576238657b20");
    equal((await promisify(crypto.scrypt)("password", "NaCl", 64)).length, 64);
    equal(thrown(() => crypto.scryptSync("", "", 64, { N: 2 ** 20 })).name, "RangeError");
    equal(Buffer.from(crypto.hkdfSync("sha256", "key", "salt", "info", 16)).length, 16);
    equal((await promisify(crypto.hkdf)("sha256", "key", "salt", "info", 16)) instanceof ArrayBuffer, true);
  },
  ciphers() {
    for (const [name, size, iv] of [["aes-256-cbc", 32, 16], ["aes-128-ctr", 16, 16], ["aes-192-ecb", 24, 0]]) {
      const key = randomBytes(size);
      const start = iv === 0 ? null : randomBytes(iv);
      const cipher = crypto.createCipheriv(name, key, start);
      const sealed = cipher.update("hello ", "utf8", "hex") + cipher.update("world", "utf8", "hex") + cipher.final("hex");
      const decipher = crypto.createDecipheriv(name, key, start);
      equal(decipher.update(sealed, "hex", "utf8") + decipher.final("utf8"), "hello world");
    }
    equal(thrown(() => crypto.createCipheriv("aes-256-cbc", randomBytes(5), randomBytes(16))).message, "Invalid key length");
    equal(thrown(() => crypto.createCipheriv("rot13", "", "")).message, "Unknown cipher");
  },
  authenticated_ciphers() {
    const [key, iv] = [randomBytes(32), randomBytes(12)];
    const cipher = crypto.createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from("aad"));
    const sealed = Buffer.concat([cipher.update("secret"), cipher.final()]);
    equal(sealed.length, 6);
    const open = (tag, aad) => {
      const decipher = crypto.createDecipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(aad)).setAuthTag(tag);
      return decipher.update(sealed, undefined, "utf8") + decipher.final("utf8");
    };
    equal(open(cipher.getAuthTag(), "aad"), "secret");
    const error = thrown(() => open(cipher.getAuthTag(), "other"));
    equal(error.message, "Unsupported state or unable to authenticate data");
  },
  async key_pairs() {
    const { publicKey, privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    equal(publicKey.asymmetricKeyType, "ec");
    equal(publicKey.asymmetricKeyDetails.namedCurve, "prime256v1");
    const signature = crypto.createSign("SHA256").update("data").sign(privateKey);
    equal(crypto.createVerify("SHA256").update("data").verify(publicKey, signature), true);
    equal(crypto.createVerify("SHA256").update("other").verify(publicKey, signature), false);
    const raw = crypto.sign("sha256", Buffer.from("x"), { key: privateKey, dsaEncoding: "ieee-p1363" });
    equal(raw.length, 64);
    equal(crypto.verify("sha256", Buffer.from("x"), { key: publicKey, dsaEncoding: "ieee-p1363" }, raw), true);
    const ed = await promisify((type, options, callback) =>
      crypto.generateKeyPair(type, options, (error, open, secret) => callback(error, { open, secret })),
    )("ed25519", {});
    equal(crypto.verify(null, Buffer.from("x"), ed.open, crypto.sign(null, Buffer.from("x"), ed.secret)), true);
  },
  rsa() {
    const pair = crypto.generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    equal(pair.publicKey.startsWith("-----BEGIN PUBLIC KEY-----"), true);
    const signature = crypto.createSign("RSA-SHA256").update("a").update("b").sign(pair.privateKey, "base64");
    equal(crypto.createVerify("RSA-SHA256").update("ab").verify(pair.publicKey, signature, "base64"), true);
    const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
    const pss = crypto.sign("sha256", Buffer.from("x"), { key: pair.privateKey, padding, saltLength: 32 });
    equal(crypto.verify("sha256", Buffer.from("x"), { key: pair.publicKey, padding }, pss), true);
    equal(crypto.verify("sha256", Buffer.from("x"), pair.publicKey, pss), false);
    const sealed = crypto.publicEncrypt({ key: pair.publicKey, oaepHash: "sha256" }, Buffer.from("secret"));
    equal(crypto.privateDecrypt({ key: pair.privateKey, oaepHash: "sha256" }, sealed).toString(), "secret");
  },
  key_objects() {
    const secret = crypto.createPrivateKey(EC_KEY);
    equal(secret.type, "private");
    const open = crypto.createPublicKey(secret);
    equal(open.type, "public");
    equal(open.equals(crypto.createPublicKey(EC_KEY)), true);
    equal(secret.export({ type: "sec1", format: "pem" }), EC_KEY);
    const jwk = open.export({ format: "jwk" });
    equal(jwk.kty + jwk.crv, "ECP-256");
    equal(crypto.createPublicKey({ key: jwk, format: "jwk" }).equals(open), true);
    const der = secret.export({ type: "pkcs8", format: "der" });
    equal(crypto.createPrivateKey({ key: der, format: "der", type: "pkcs8" }).equals(secret), true);
    equal(crypto.createSecretKey("abc", "utf8").export().toString(), "abc");
    equal(crypto.createSecretKey("abc", "utf8").export({ format: "jwk" }).k, "YWJj");
    equal(thrown(() => crypto.createPublicKey("nonsense")).name, "TypeError");
  },
  async what_is_lacking_says_so() {
    equal(/not implemented/.test(thrown(() => crypto.createDiffieHellman(512)).message), true);
  },
});
