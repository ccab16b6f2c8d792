// Stands in for tr46 in the main bundle (see bundle.js). whatwg-url asks for Unicode ToASCII only
// when a host is not ASCII; the tables behind it are loaded then.

import type { ToAsciiOptions } from "tr46";
import { loadLazy } from "../lazy.js";

type ToAscii = (domain: string, options: ToAsciiOptions) => string | null;

let loaded: ToAscii | null = null;

export function toASCII(domain: string, options: ToAsciiOptions): string | null {
  loaded ??= (loadLazy("idna") as { toASCII: ToAscii }).toASCII;
  return loaded(domain, options);
}
