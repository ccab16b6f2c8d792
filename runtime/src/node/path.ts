// https://nodejs.org/api/path.html

import posix from "path-browserify";

export default posix;
export const {
  basename,
  delimiter,
  dirname,
  extname,
  format,
  isAbsolute,
  join,
  normalize,
  parse,
  relative,
  resolve,
  sep,
} = posix;
/** Nothing is special about any path. */
export const toNamespacedPath = (path: unknown): unknown => path;
posix.toNamespacedPath = toNamespacedPath;
posix._makeLong = toNamespacedPath;
posix.posix = posix;

export { posix };
