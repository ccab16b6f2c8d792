// Unwraps keys that may not be extracted, with an ear at every place where their bytes could pass.

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => 200 + i);
const TEXT = SECRET.toBase64({ alphabet: "base64url", omitPadding: true });
const IV = new Uint8Array(12);
const { stringify } = JSON;
const { apply, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { isView } = ArrayBuffer;
const bytesOf = (value) => {
  if (isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : null;
};

const seen = [];
let listening = false;

function look(place, values) {
  if (!listening) return;
  listening = false;
  for (const value of values) {
    const bytes = bytesOf(value);
    const text = bytes === null ? `${typeof value === "object" ? safely(value) : value}` : `${bytes}`;
    if (text.includes(TEXT) || text.includes(`${SECRET}`)) seen.push(place);
  }
  listening = true;
}

function safely(value) {
  try {
    return stringify(value) ?? "";
  } catch {
    return "";
  }
}

function tap(label, object) {
  for (const key of ownKeys(object)) {
    const descriptor = getOwnPropertyDescriptor(object, key);
    if (typeof descriptor.value !== "function" || !descriptor.configurable || key === "constructor") continue;
    if (typeof key === "symbol") continue; // the taps themselves iterate
    const method = descriptor.value;
    descriptor.value = function (...values) {
      look(`${label}.${String(key)}`, [this, ...values]);
      return apply(method, this, values);
    };
    defineProperty(object, key, descriptor);
  }
}

function tapMissing(names) {
  for (const key of names) {
    defineProperty(Object.prototype, key, {
      __proto__: null,
      get() {
        look(`get ${key}`, [this]);
        return undefined;
      },
      set(value) {
        look(`set ${key}`, [this, value]);
        defineProperty(this, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
}

export default {
  async fetch() {
    const { subtle } = crypto;
    const usages = ["encrypt", "unwrapKey"];
    const wrapping = await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, usages);
    const gcm = { name: "AES-GCM", iv: IV };
    const inner = { name: "HMAC", hash: "SHA-256" };
    const jwk = new TextEncoder().encode(stringify({ kty: "oct", k: TEXT }));
    const sealed = {
      jwk: await subtle.encrypt(gcm, wrapping, jwk),
      raw: await subtle.encrypt(gcm, wrapping, SECRET),
    };
    const padded = new Uint8Array(200_000).fill(32);
    padded.set(jwk);
    sealed.much = await subtle.encrypt(gcm, wrapping, padded);

    for (const Class of [Object, Function, Array, String, RegExp, Uint8Array, ArrayBuffer, Promise, DataView, Map, Set]) {
      tap(Class.name, Class);
      tap(`${Class.name}.prototype`, Class.prototype);
    }
    tap("TypedArray.prototype", Object.getPrototypeOf(Uint8Array.prototype));
    for (const [label, object] of Object.entries({ JSON, Reflect, TextDecoder: TextDecoder.prototype })) tap(label, object);
    tapMissing("then toJSON get set value 0 kty k alg use key_ops ext encrypt decrypt wrap unwrap bytes format".split(" "));

    const jobs = [
      ["jwk", sealed.jwk],
      ["raw", sealed.raw],
      ["jwk", sealed.much],
    ];
    for (const [format, wrapped] of jobs) {
      listening = true;
      const key = await subtle.unwrapKey(format, wrapped, wrapping, gcm, inner, false, ["sign", "verify"]);
      const signature = await subtle.sign("HMAC", key, IV);
      await subtle.verify("HMAC", key, signature, IV);
      listening = false;
    }
    // The ears do hear.
    const before = seen.length;
    listening = true;
    JSON.parse(`{"k":"${TEXT}"}`);
    SECRET.slice();
    listening = false;
    return Response.json({ seen: seen.slice(0, before), alarms: seen.length === before + 2 });
  },
};
