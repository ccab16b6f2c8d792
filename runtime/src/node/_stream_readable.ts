// Deprecated in Node.js: a class of node:stream.

import { Readable } from "node:stream";

export { Readable };
export default Readable;
