// https://nodejs.org/api/stream.html, by readable-stream, which is Node.js's own code.

import streams from "readable-stream/lib/stream";
import { addWebAdapters } from "./internal/web_adapters.js";

addWebAdapters(streams);

export default streams;
export const {
  _isArrayBufferView,
  _isUint8Array,
  _uint8ArrayToBuffer,
  addAbortSignal,
  compose,
  destroy,
  Duplex,
  finished,
  getDefaultHighWaterMark,
  isDestroyed,
  isDisturbed,
  isErrored,
  isReadable,
  isWritable,
  PassThrough,
  pipeline,
  promises,
  Readable,
  setDefaultHighWaterMark,
  Stream,
  Transform,
  Writable,
} = streams;
