// https://nodejs.org/api/crypto.html
// The arithmetic is done by natives (isolate/natives/node_*.py); what is not here throws.

import lacking from "unenv/node/crypto";
import { crypto as webcrypto } from "../web/crypto.js";
import * as ciphers from "./internal/crypto/cipher.js";
import * as hashes from "./internal/crypto/hash.js";
import * as kdf from "./internal/crypto/kdf.js";
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  generateKeyPairSync,
  KeyObject,
} from "./internal/crypto/keys.js";
import * as random from "./internal/crypto/random.js";
import * as signatures from "./internal/crypto/sign.js";

export * from "unenv/node/crypto";
export {
  Cipheriv,
  createCipheriv,
  createDecipheriv,
  Decipheriv,
  getCiphers,
} from "./internal/crypto/cipher.js";
export {
  createHash,
  createHmac,
  getHashes,
  Hash,
  Hmac,
  hash,
  timingSafeEqual,
} from "./internal/crypto/hash.js";
export {
  hkdf,
  hkdfSync,
  pbkdf2,
  pbkdf2Sync,
  scrypt,
  scryptSync,
} from "./internal/crypto/kdf.js";
export {
  getRandomValues,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
} from "./internal/crypto/random.js";
export {
  createSign,
  createVerify,
  privateDecrypt,
  publicEncrypt,
  Sign,
  sign,
  Verify,
  verify,
} from "./internal/crypto/sign.js";
export {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  generateKeyPairSync,
  KeyObject,
};

const { subtle } = webcrypto as unknown as { subtle: unknown };
export const { randomBytes: pseudoRandomBytes } = random;

export { subtle, webcrypto };

const { sizeOf: _, ...publicHashes } = hashes;

export default {
  ...lacking,
  ...ciphers,
  ...publicHashes,
  ...kdf,
  ...random,
  ...signatures,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  generateKeyPairSync,
  KeyObject,
  pseudoRandomBytes,
  subtle,
  webcrypto,
};
