// Evaluated when the first non-ASCII host appears: the Unicode tables weigh more than the rest of
// the runtime layer together.

export { toASCII } from "tr46";
