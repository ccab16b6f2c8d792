// Deprecated in Node.js: a class of node:stream.

import { PassThrough } from "node:stream";

export { PassThrough };
export default PassThrough;
