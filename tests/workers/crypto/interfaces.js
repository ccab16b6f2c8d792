// The classes, and what a Worker can't do with them.

import { equal, unhex } from "./assert.js";

const thrown = (action) => {
  try {
    action();
  } catch (error) {
    return `${error}`;
  }
  return "";
};

export const INTERFACES = {
  async nobody_makes_them() {
    for (const Interface of [Crypto, CryptoKey, SubtleCrypto]) {
      equal(thrown(() => new Interface()), "TypeError: Illegal constructor");
      equal(Object.getOwnPropertyDescriptor(globalThis, Interface.name).enumerable, false);
    }
    equal(`${crypto} ${crypto.subtle}`, "[object Crypto] [object SubtleCrypto]");
    equal(crypto.subtle === crypto.subtle, true);
    equal(crypto.subtle instanceof SubtleCrypto, true);
  },
  async a_key_shows_what_it_is_and_not_its_bytes() {
    const algorithm = { name: "hmac", hash: "sha-256" };
    const key = await crypto.subtle.importKey("raw", unhex("00ff"), algorithm, false, [
      "verify",
      "sign",
      "sign",
    ]);
    equal(key instanceof CryptoKey, true);
    equal([key.type, key.extractable, key.usages], ["secret", false, ["sign", "verify"]]);
    equal(key.algorithm, { name: "HMAC", hash: { name: "SHA-256" }, length: 16 });
    equal(Reflect.ownKeys(key), []);
    equal(JSON.stringify(key), "{}");
    equal(key.algorithm === key.algorithm && key.usages === key.usages, true);
  },
  async what_a_worker_does_to_what_it_sees_changes_nothing() {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", unhex("00ff"), algorithm, false, ["verify"]);
    key.usages.push("sign");
    key.algorithm.name = "AES-GCM";
    Object.defineProperty(key, "extractable", { value: true });
    const error = await crypto.subtle.sign("HMAC", key, unhex("")).catch((error) => error);
    equal(error.name, "InvalidAccessError");
    const exporting = await crypto.subtle.exportKey("raw", key).catch((error) => error);
    equal(exporting.name, "InvalidAccessError");
  },
  async bytes_are_taken_when_the_call_is_made() {
    const data = new Uint8Array(1_000_000);
    const digest = crypto.subtle.digest("SHA-256", data);
    data.fill(1);
    const expected = await crypto.subtle.digest("SHA-256", new Uint8Array(1_000_000));
    equal(crypto.subtle.timingSafeEqual(await digest, expected), true);
  },
};
