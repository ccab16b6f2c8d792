// Globals of Node.js, under the flag nodejs_compat_v2; loaded when one of them is touched.

export { Buffer } from "node:buffer";
export { default as process } from "node:process";
export { clearImmediate, setImmediate } from "node:timers";
