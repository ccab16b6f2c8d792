// Deprecated in Node.js: a class of node:stream.

import { Duplex } from "node:stream";

export { Duplex };
export default Duplex;
