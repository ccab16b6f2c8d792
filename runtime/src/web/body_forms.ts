// Blob and FormData, as far as bodies know them. They are a lazy script: as long as it has not been
// loaded, nothing can be one of them.

import { loadLazy } from "../lazy.js";
import type { Extracted } from "./body_source.js";

/** What lazy/forms.ts gives. */
export interface BodyForms {
  /** "Extract a body" (Fetch §5.2) of a Blob, File or FormData; null for anything else. */
  extract(init: unknown): Extracted | null;
  /** Fetch §5.3, `blob()`. The bytes are the Blob's from here on. */
  toBlob(bytes: Uint8Array, contentType: string | null): unknown;
  /** A Blob that has been sent. The bytes are the Blob's from here on. */
  blobFrom(bytes: Uint8Array, type: string): object;
  /** Fetch §5.3, `formData()`. */
  toFormData(bytes: Uint8Array, contentType: string | null): unknown;
}

let forms: BodyForms | null = null;

/** The script has been loaded, by whoever needed it first. */
export function setForms(loaded: BodyForms): void {
  forms = loaded;
}

export function loadForms(): BodyForms {
  if (forms === null) loadLazy("forms");
  return forms as unknown as BodyForms;
}

export function extractForm(init: unknown): Extracted | null {
  return forms === null ? null : forms.extract(init);
}
