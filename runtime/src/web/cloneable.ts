// HTML §2.7.1: which interfaces have objects that structuredClone() copies, and how.

import { SafeMap, uncurryGetter, uncurryThis } from "../primordials.js";
import { Body } from "./body.js";
import { Request } from "./request.js";
import { Response } from "./response.js";
import type { ReadableStream } from "./streams.js";

// As they are before a Worker runs.
export const bodyOf: (body: Body) => ReadableStream | null = uncurryGetter(Body.prototype, "body");
export const cloneRequest: (request: Request) => Request = uncurryThis(Request.prototype.clone);
export const cloneResponse: (response: Response) => Response = uncurryThis(
  Response.prototype.clone,
);

const copiers = new SafeMap<object, (value: object) => object>();

/** Says how objects of an interface are cloned; those of all others can't be. */
export function makeCloneable<T extends object>(
  { prototype }: { prototype: T },
  copy: (value: T) => T,
): void {
  copiers.set(prototype, copy as never);
}

/** How the objects of the interface with this prototype are cloned, if they can be. */
export function copierOf(prototype: object): ((value: object) => object) | undefined {
  return copiers.get(prototype);
}
