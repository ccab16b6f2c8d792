// https://nodejs.org/api/crypto.html#class-keyobject

import { callNative, type NativeOptions, startNative } from "../../../natives.js";
import { bufferOf, bytesOf, output, requireInteger } from "./bytes.js";

type KeyType = "secret" | "public" | "private";
type Details = { namedCurve?: string; modulusLength?: number };

const NAMES_OF_CURVES: Record<string, string> = {
  "P-256": "prime256v1",
  "P-384": "secp384r1",
  "P-521": "secp521r1",
};

/** The key inside, out of a Worker's reach: of a pair as PKCS #8 or SubjectPublicKeyInfo. */
export let keyBytes: (key: KeyObject) => Uint8Array;

export class KeyObject {
  readonly #type: KeyType;
  readonly #bytes: Uint8Array;
  #description: [type: string, curve: string, bits: number] | null = null;

  constructor(type: KeyType, bytes: Uint8Array) {
    this.#type = type;
    this.#bytes = bytes;
  }

  static {
    keyBytes = (key) => key.#bytes;
  }

  get type(): KeyType {
    return this.#type;
  }

  get [Symbol.toStringTag](): string {
    return "KeyObject";
  }

  get symmetricKeySize(): number | undefined {
    return this.#type === "secret" ? this.#bytes.length : undefined;
  }

  get asymmetricKeyType(): string | undefined {
    return this.#type === "secret" ? undefined : this.#describe()[0];
  }

  get asymmetricKeyDetails(): Details | undefined {
    if (this.#type === "secret") return undefined;
    const { 1: curve, 2: bits } = this.#describe();
    if (bits > 0) return { modulusLength: bits };
    return curve === "" ? {} : { namedCurve: NAMES_OF_CURVES[curve] ?? curve };
  }

  #describe(): [string, string, number] {
    this.#description ??= callNative("node-key-describe", { private: this.#type === "private" }, [
      this.#bytes,
    ]) as [string, string, number];
    return this.#description;
  }

  equals(other: KeyObject): boolean {
    if (!(#bytes in other) || other.#type !== this.#type) return false;
    if (other.#bytes.length !== this.#bytes.length) return false;
    return callNative("node-equal", {}, [this.#bytes, other.#bytes]) as boolean;
  }

  export(options: { type?: string; format?: string } = {}): unknown {
    const { format = this.#type === "secret" ? "buffer" : "pem" } = options;
    if (format === "jwk") return this.#toJwk();
    if (this.#type === "secret") return output(this.#bytes.slice());
    const isPrivate = this.#type === "private";
    const written = callNative(
      "node-key-write",
      {
        private: isPrivate,
        pem: format === "pem",
        type: options.type ?? (isPrivate ? "pkcs8" : "spki"),
      },
      [this.#bytes],
    );
    return format === "pem" ? bufferOf(written).toString("latin1") : bufferOf(written);
  }

  #toJwk(): object {
    if (this.#type === "secret") {
      return { kty: "oct", k: output(this.#bytes, "base64url") };
    }
    const isPrivate = this.#type === "private";
    const members = callNative("key-jwk", { private: isPrivate }, [this.#bytes]) as object;
    const { 0: type, 1: curve } = this.#describe();
    if (type === "rsa") return { kty: "RSA", ...members };
    if (type === "ec") return { kty: "EC", crv: curve, ...members };
    return { kty: "OKP", crv: type === "ed25519" ? "Ed25519" : "X25519", ...members };
  }
}

interface KeyInput {
  key: unknown;
  format?: string;
  type?: string;
  encoding?: string;
  passphrase?: unknown;
}

/** Whatever node:crypto takes for a key of a pair. */
export function toKey(input: unknown, type: "public" | "private"): KeyObject {
  if (input instanceof KeyObject) return asType(input, type);
  const options = isOptions(input) ? input : ({ key: input } as KeyInput);
  if (options.key instanceof KeyObject) return asType(options.key, type);
  if (options.passphrase !== undefined) {
    throw new TypeError("Keys under a passphrase are not supported.");
  }
  if (options.format === "jwk") return keyOfJwk(options.key as Record<string, string>, type);
  const data = bytesOf(options.key, "key", options.encoding);
  const pem = (options.format ?? "pem") === "pem";
  return new KeyObject(type, read(data, type === "private", pem));
}

function read(data: Uint8Array, isPrivate: boolean, pem: boolean): Uint8Array {
  return callNative("node-key-read", { private: isPrivate, pem }, [data]) as Uint8Array;
}

function isOptions(input: unknown): input is KeyInput {
  return (
    typeof input === "object" &&
    input !== null &&
    "key" in input &&
    !ArrayBuffer.isView(input) &&
    !(input instanceof ArrayBuffer)
  );
}

/** A public key may be asked of a private one. */
function asType(key: KeyObject, type: "public" | "private"): KeyObject {
  if (key.type === type) return key;
  if (key.type === "private" && type === "public") {
    return new KeyObject("public", callNative("key-public", {}, [keyBytes(key)]) as Uint8Array);
  }
  throw new TypeError(`Invalid key object type ${key.type}, expected ${type}.`);
}

function keyOfJwk(jwk: Record<string, string>, type: "public" | "private"): KeyObject {
  const member = (name: string): Uint8Array => bytesOf(jwk[name] ?? "", name, "base64url");
  const given = jwk.d === undefined ? "public" : "private";
  let bytes: unknown;
  if (jwk.kty === "RSA") {
    const names = given === "public" ? ["n", "e"] : ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
    bytes = callNative("key-from-rsa", {}, names.map(member));
  } else if (jwk.kty === "EC") {
    const names = given === "public" ? ["x", "y"] : ["x", "y", "d"];
    bytes = callNative("key-from-ec", { kind: `${jwk.crv}` }, names.map(member));
  } else if (jwk.kty === "OKP") {
    bytes =
      given === "public"
        ? callNative("key-from-raw", { kind: `${jwk.crv}` }, [member("x")])
        : callNative("key-from-okp", { kind: `${jwk.crv}` }, [member("d"), member("x")]);
  } else {
    throw new TypeError("Invalid JWK data");
  }
  return asType(new KeyObject(given, bytes as Uint8Array), type);
}

export function createSecretKey(key: unknown, encoding?: unknown): KeyObject {
  return new KeyObject("secret", bytesOf(key, "key", encoding).slice());
}

export function createPublicKey(key: unknown): KeyObject {
  return toKey(key, "public");
}

export function createPrivateKey(key: unknown): KeyObject {
  return toKey(key, "private");
}

interface PairOptions {
  modulusLength?: number;
  publicExponent?: number;
  namedCurve?: string;
  publicKeyEncoding?: object;
  privateKeyEncoding?: object;
}

const KINDS_OF_CURVES: Record<string, string> = {
  prime256v1: "P-256",
  secp256r1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

function pairJob(type: string, options: PairOptions): NativeOptions {
  if (type === "rsa" || type === "rsa-pss") {
    return {
      kind: "RSA",
      bits: requireInteger(options.modulusLength, "modulusLength"),
      exponent: options.publicExponent ?? 65537,
    };
  }
  if (type === "ec") {
    const curve = `${options.namedCurve}`;
    const kind = KINDS_OF_CURVES[curve] ?? curve;
    if (!(kind in NAMES_OF_CURVES)) throw new TypeError("Invalid EC curve name");
    return { kind };
  }
  const kind = { ed25519: "Ed25519", x25519: "X25519" }[type];
  if (kind === undefined) throw new TypeError(`The argument 'type' must be a supported key type.`);
  return { kind };
}

function makePair(bytes: unknown, options: PairOptions) {
  const secret = new KeyObject("private", bytes as Uint8Array);
  const open = asType(secret, "public");
  const { publicKeyEncoding, privateKeyEncoding } = options;
  return {
    publicKey: publicKeyEncoding === undefined ? open : open.export(publicKeyEncoding),
    privateKey: privateKeyEncoding === undefined ? secret : secret.export(privateKeyEncoding),
  };
}

export function generateKeyPairSync(type: string, options: PairOptions = {}) {
  return makePair(callNative("key-generate", pairJob(type, options), []), options);
}

type PairCallback = (error: unknown, publicKey?: unknown, privateKey?: unknown) => void;

export function generateKeyPair(type: string, ...rest: (PairOptions | PairCallback)[]): void {
  const callback = rest.pop() as PairCallback;
  const options = (rest[0] ?? {}) as PairOptions;
  startNative("key-generate", pairJob(type, options), [], (bytes) => makePair(bytes, options)).then(
    ({ publicKey, privateKey }) => callback(null, publicKey, privateKey),
    (error) => callback(error),
  );
}
