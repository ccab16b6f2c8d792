// Web Cryptography (https://w3c.github.io/webcrypto/): all of it that is not random numbers. The
// arithmetic is done by the host process (natives.ts); here is who may do what with which key.

import { makeSubtle, SubtleCrypto } from "./crypto/subtle.js";

export { DigestStream } from "./crypto/digest_stream.js";
export { CryptoKey } from "./crypto/key.js";
export { SubtleCrypto };

export const subtle: SubtleCrypto = makeSubtle();
