// Keys from passwords and from other keys.
// https://nodejs.org/api/crypto.html#cryptopbkdf2password-salt-iterations-keylen-digest-callback

import { callNative, type NativeOptions, startNative } from "../../../natives.js";
import { bufferOf, bytesOf, requireInteger, secretOf } from "./bytes.js";

type Callback = (error: unknown, key?: unknown) => void;

interface Job {
  name: string;
  options: NativeOptions;
  data: Uint8Array[];
}

function now({ name, options, data }: Job): unknown {
  return bufferOf(callNative(name, options, data));
}

/** On the host's pool, so that nobody waits. */
function later({ name, options, data }: Job, callback: unknown, convert = bufferOf): void {
  if (typeof callback !== "function") {
    throw new TypeError('The "callback" argument must be of type function.');
  }
  startNative(name, options, data, convert).then(
    (key) => (callback as Callback)(null, key),
    (error) => (callback as Callback)(error),
  );
}

function pbkdf2Job(
  password: unknown,
  salt: unknown,
  iterations: number,
  length: number,
  digest: string,
): Job {
  if (typeof digest !== "string") {
    throw new TypeError('The "digest" argument must be of type string.');
  }
  return {
    name: "node-pbkdf2",
    options: {
      hash: digest,
      iterations: requireInteger(iterations, "iterations", 1),
      length: requireInteger(length, "keylen"),
    },
    data: [secretOf(password, "password"), bytesOf(salt, "salt")],
  };
}

export function pbkdf2Sync(
  password: unknown,
  salt: unknown,
  iterations: number,
  length: number,
  digest: string,
): unknown {
  return now(pbkdf2Job(password, salt, iterations, length, digest));
}

export function pbkdf2(
  password: unknown,
  salt: unknown,
  iterations: number,
  length: number,
  digest: string,
  callback: Callback,
): void {
  later(pbkdf2Job(password, salt, iterations, length, digest), callback);
}

interface ScryptOptions {
  N?: number;
  cost?: number;
  r?: number;
  blockSize?: number;
  p?: number;
  parallelization?: number;
  maxmem?: number;
}

function scryptJob(
  password: unknown,
  salt: unknown,
  length: number,
  options: ScryptOptions = {},
): Job {
  return {
    name: "node-scrypt",
    options: {
      length: requireInteger(length, "keylen"),
      n: requireInteger(options.N ?? options.cost ?? 16384, "N"),
      r: requireInteger(options.r ?? options.blockSize ?? 8, "r"),
      p: requireInteger(options.p ?? options.parallelization ?? 1, "p"),
      maxmem: options.maxmem ?? 32 * 1024 * 1024,
    },
    data: [secretOf(password, "password"), bytesOf(salt, "salt")],
  };
}

export function scryptSync(
  password: unknown,
  salt: unknown,
  length: number,
  options?: ScryptOptions,
): unknown {
  return now(scryptJob(password, salt, length, options));
}

export function scrypt(
  password: unknown,
  salt: unknown,
  length: number,
  ...rest: (ScryptOptions | Callback)[]
): void {
  const callback = rest.pop();
  later(scryptJob(password, salt, length, rest[0] as ScryptOptions | undefined), callback);
}

function hkdfJob(digest: string, key: unknown, salt: unknown, info: unknown, length: number): Job {
  return {
    name: "node-hkdf",
    options: { hash: digest, length: requireInteger(length, "keylen") },
    data: [secretOf(key, "ikm"), bytesOf(salt, "salt"), bytesOf(info, "info")],
  };
}

/** An ArrayBuffer, unlike the others. */
function arrayBufferOf(bytes: unknown): never {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array;
  return buffer.slice(byteOffset, byteOffset + byteLength) as never;
}

export function hkdfSync(
  digest: string,
  key: unknown,
  salt: unknown,
  info: unknown,
  length: number,
): unknown {
  const { name, options, data } = hkdfJob(digest, key, salt, info, length);
  return arrayBufferOf(callNative(name, options, data));
}

export function hkdf(
  digest: string,
  key: unknown,
  salt: unknown,
  info: unknown,
  length: number,
  callback: Callback,
): void {
  later(hkdfJob(digest, key, salt, info, length), callback, arrayBufferOf);
}
