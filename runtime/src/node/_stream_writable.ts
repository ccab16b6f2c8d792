// Deprecated in Node.js: a class of node:stream.

import { Writable } from "node:stream";

export { Writable };
export default Writable;
