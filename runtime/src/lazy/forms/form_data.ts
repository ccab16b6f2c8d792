// FormData (XMLHttpRequest §5).
//
// As on the platform, there are no HTML forms to be made from; a Blob gets the entry's name as its
// file name when no other is given; and a file name beside text is not looked at.

import { fillRandom } from "../../host.js";
import {
  ArrayFind,
  ArrayFindIndex,
  ArraySome,
  listFilter,
  listMap,
  NumberToString,
  RegExpMatches,
  StringPadStart,
  safeList,
  TypedArrayLength,
  toArray,
} from "../../primordials.js";
import type { Extracted } from "../../web/body_source.js";
import { showEntries } from "../../web/inspect.js";
import { parseUrlencoded } from "../../web/url_search_params.js";
import { utf8DecodeWithoutBOM } from "../../web/url_utf8.js";
import {
  defineInterface,
  definePairIterator,
  requireArguments,
  toUsvString,
} from "../../web/webidl.js";
import { type Blob, bytesOfBlob, File, fileFrom, isBlob } from "./blob.js";
import { essence, extractMimeType, parameter } from "./mime_type.js";
import { type Entry, parseMultipart, serializeMultipart } from "./multipart.js";

const { apply, defineProperty } = Reflect;
const iterator: typeof Symbol.iterator = Symbol.iterator;

type Value = string | File;
type Kind = "keys" | "values" | "entries";

const iterate = definePairIterator<string, Value>("FormData");

export let isFormData: (value: unknown) => value is FormData;

let entriesOf: (form: FormData) => Entry[];
let make: (entries: Entry[]) => FormData;

export class FormData {
  #entries = safeList<Entry>();

  static {
    isFormData = (value): value is FormData =>
      typeof value === "object" && value !== null && #entries in value;
    entriesOf = (form) => form.#entries;
    make = (entries) => {
      const form = new FormData();
      form.#entries = entries;
      return form;
    };
  }

  append(name: string, value: unknown, filename: unknown = undefined): void {
    requireArguments("FormData.append", arguments.length, 2);
    this.#entries[this.#entries.length] = toEntry(name, value, filename);
  }

  delete(name: string): void {
    requireArguments("FormData.delete", arguments.length, 1);
    const wanted = toUsvString(name);
    this.#entries = listFilter(this.#entries, ({ 0: other }) => other !== wanted);
  }

  get(name: string): Value | null {
    requireArguments("FormData.get", arguments.length, 1);
    const wanted = toUsvString(name);
    const entry = ArrayFind(this.#entries, ({ 0: other }) => other === wanted);
    return entry === undefined ? null : entry[1];
  }

  getAll(name: string): Value[] {
    requireArguments("FormData.getAll", arguments.length, 1);
    const wanted = toUsvString(name);
    const entries = listFilter(this.#entries, ({ 0: other }) => other === wanted);
    return toArray(listMap(entries, ({ 1: value }) => value));
  }

  has(name: string): boolean {
    requireArguments("FormData.has", arguments.length, 1);
    const wanted = toUsvString(name);
    return ArraySome(this.#entries, ({ 0: other }) => other === wanted);
  }

  set(name: string, value: unknown, filename: unknown = undefined): void {
    requireArguments("FormData.set", arguments.length, 2);
    const entry = toEntry(name, value, filename);
    const first = ArrayFindIndex(this.#entries, ({ 0: other }) => other === entry[0]);
    if (first < 0) {
      this.#entries[this.#entries.length] = entry;
      return;
    }
    this.#entries[first] = entry;
    this.#entries = listFilter(
      this.#entries,
      ({ 0: other }, index) => index <= first || other !== entry[0],
    );
  }

  forEach(
    callback: (value: Value, name: string, parent: FormData) => void,
    thisArgument: unknown = undefined,
  ): void {
    if (typeof callback !== "function") {
      throw new TypeError(
        "Failed to execute 'forEach' on 'FormData': parameter 1 is not of type 'function'.",
      );
    }
    // The list may change under the callback, which then sees the change (Web IDL §3.7.10).
    for (let i = 0; i < this.#entries.length; i++) {
      const { 0: name, 1: value } = this.#entries[i] as Entry;
      apply(callback, thisArgument, [value, name, this]);
    }
  }

  keys(): IterableIterator<string> {
    return this.#iterate("keys") as IterableIterator<string>;
  }

  values(): IterableIterator<Value> {
    return this.#iterate("values") as IterableIterator<Value>;
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#iterate("entries") as IterableIterator<[string, Value]>;
  }

  declare [iterator]: () => IterableIterator<[string, Value]>;

  #iterate(kind: Kind): IterableIterator<unknown> {
    void this.#entries;
    return iterate((index) => this.#entries[index], kind);
  }
}

defineInterface("FormData", FormData);
showEntries(FormData, (form) => entriesOf(form));
defineProperty(FormData.prototype, iterator, {
  __proto__: null,
  value: FormData.prototype.entries,
  writable: true,
  configurable: true,
} as PropertyDescriptor);

// --- For bodies ----------------------------------------------------------------------------------

/** Fetch §5.2, "extract a body" of a FormData. */
export function serializeForBody(form: FormData): Extracted {
  const boundary = randomBoundary();
  return {
    source: serializeMultipart(entriesOf(form), boundary),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

const UTF8 = /^(?:utf-?8|unicode-1-1-utf-8)$/i;

/** Fetch §5.3, `formData()`. */
export function formDataFrom(bytes: Uint8Array, contentType: string | null): FormData {
  const type = contentType === null ? null : extractMimeType(contentType);
  if (type !== null && essence(type) === "multipart/form-data") {
    const boundary = parameter(type, "boundary");
    if (boundary === null || boundary === "") {
      throw new TypeError(
        "No boundary string in Content-Type header. The multipart/form-data MIME type requires a " +
          "boundary parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See " +
          "RFC 7578, section 4.",
      );
    }
    return make(parseMultipart(bytes, boundary));
  }
  if (type !== null && essence(type) === "application/x-www-form-urlencoded") {
    const charset = parameter(type, "charset");
    if (charset !== null && !RegExpMatches(UTF8, charset)) {
      throw new TypeError("Non-utf-8 application/x-www-form-urlencoded body.");
    }
    return make(parseUrlencoded(utf8DecodeWithoutBOM(bytes)));
  }
  throw new TypeError(
    "Unrecognized Content-Type header value. FormData can only parse the following MIME types: " +
      "multipart/form-data, application/x-www-form-urlencoded",
  );
}

// --- Entries -------------------------------------------------------------------------------------

/** XMLHttpRequest §5, "create an entry". */
function toEntry(name: string, value: unknown, filename: unknown): Entry {
  const key = toUsvString(name);
  if (!isBlob(value)) return [key, toUsvString(value)];
  return [key, toFile(value, filename === undefined ? null : toUsvString(filename), key)];
}

function toFile(blob: Blob, filename: string | null, name: string): File {
  if (filename === null && blob instanceof File) return blob;
  return fileFrom(bytesOfBlob(blob), filename ?? name, blob.type);
}

const BOUNDARY_BYTES = 16;

/** Nobody can have put it into a part. */
function randomBoundary(): string {
  const bytes = new Uint8Array(BOUNDARY_BYTES);
  fillRandom(bytes);
  let boundary = "";
  for (let i = 0; i < TypedArrayLength(bytes); i++) {
    boundary += StringPadStart(NumberToString(bytes[i] as number, 16), 2, "0");
  }
  return boundary;
}
