// Deprecated in Node.js: a class of node:stream.

import { Transform } from "node:stream";

export { Transform };
export default Transform;
