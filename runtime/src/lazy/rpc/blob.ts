// Blobs as parts of a value: their bytes and their type. As on the platform, a File can't be sent.

import { loadForms } from "../../web/body_forms.js";
import { interfaceName, interfaceOf } from "../../web/webidl.js";

/** The entry of a Blob (see encode.ts); null for other objects. */
export function blobEntry(value: object): unknown[] | null {
  const prototype = interfaceOf(value);
  if (prototype === null || interfaceName(prototype) !== "Blob") return null;
  // Null for what only has the prototype of one.
  const blob = loadForms().extract(value);
  return blob === null ? null : ["blob", blob.source, blob.type ?? ""];
}
