// Blob, File and FormData, and what bodies have to do with them.

import { setForms } from "../web/body_forms.js";
import { blobFrom, isBlob, startForBody } from "./forms/blob.js";
import { formDataFrom, isFormData, serializeForBody } from "./forms/form_data.js";
import { extractMimeType, serializeMimeType } from "./forms/mime_type.js";

export { Blob, File } from "./forms/blob.js";
export { FormData } from "./forms/form_data.js";

setForms({
  extract(init) {
    if (isBlob(init)) return startForBody(init);
    return isFormData(init) ? serializeForBody(init) : null;
  },
  toBlob(bytes, contentType) {
    const type = contentType === null ? null : extractMimeType(contentType);
    return blobFrom(bytes, type === null ? "" : serializeMimeType(type));
  },
  blobFrom,
  toFormData: formDataFrom,
});
