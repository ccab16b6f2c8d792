// Blob and File (File API §3 and §4).
//
// The bytes are in one array that nothing changes any more, so slices share it. As on the platform,
// parts come in an Array, not in any iterable; there is no `endings`; and text() keeps a byte order
// mark.

import { now } from "../../clock.js";
import { encodeUtf8, isAnyArrayBuffer } from "../../engine.js";
import {
  bytesOfView,
  copyBytes,
  RegExpMatches,
  StringToLowerCase,
  safeList,
  TypedArrayBuffer,
  TypedArrayByteLength,
  TypedArraySet,
  viewBytes,
} from "../../primordials.js";
import type { Extracted } from "../../web/body_source.js";
import { makeCloneable } from "../../web/cloneable.js";
import { showAttributes } from "../../web/inspect.js";
import { type ReadableStream, streamOfBytes } from "../../web/streams.js";
import { utf8DecodeWithoutBOM } from "../../web/url_utf8.js";
import { defineInterface, requireArguments, toDictionary, toUsvString } from "../../web/webidl.js";

const { isArray } = Array;
const { isView } = ArrayBuffer;
const { max, min, trunc } = Math;

const NOTHING: Uint8Array = new Uint8Array(0);
/** What a stream gives at once. */
const CHUNK = 64 * 1024;

/** The bytes, not to be changed. */
export let bytesOfBlob: (blob: Blob) => Uint8Array;
export let isBlob: (value: unknown) => value is Blob;

let fill: <T extends Blob>(blob: T, bytes: Uint8Array, type: string) => T;

export class Blob {
  #bytes: Uint8Array = NOTHING;
  #type = "";

  static {
    bytesOfBlob = (blob) => blob.#bytes;
    isBlob = (value): value is Blob =>
      typeof value === "object" && value !== null && #bytes in value;
    fill = (blob, bytes, type) => {
      blob.#bytes = bytes;
      blob.#type = type;
      return blob;
    };
  }

  constructor(parts: unknown = undefined, options: unknown = undefined) {
    const { type } = toDictionary<{ type: unknown }>(options, "BlobOptions");
    if (parts !== undefined) this.#bytes = join(parts);
    if (type !== undefined) this.#type = normalType(type);
  }

  get size(): number {
    return TypedArrayByteLength(this.#bytes);
  }

  get type(): string {
    return this.#type;
  }

  slice(start: unknown = 0, end: unknown = undefined, type: unknown = ""): Blob {
    const { size } = this;
    const from = toPosition(start, size);
    const to = max(from, end === undefined ? size : toPosition(end, size));
    return blobFrom(viewBytes(this.#bytes, from, to), normalType(type));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return TypedArrayBuffer(copyBytes(this.#bytes)) as ArrayBuffer;
  }

  async bytes(): Promise<Uint8Array> {
    return copyBytes(this.#bytes);
  }

  async text(): Promise<string> {
    return utf8DecodeWithoutBOM(this.#bytes);
  }

  stream(): ReadableStream<Uint8Array> {
    let rest = this.#bytes;
    return streamOfBytes({
      async pull() {
        const size = TypedArrayByteLength(rest);
        if (size === 0) return null;
        const chunk = copyBytes(rest, 0, min(size, CHUNK));
        rest = viewBytes(rest, TypedArrayByteLength(chunk));
        return chunk;
      },
      cancel() {
        rest = NOTHING;
      },
    }).stream;
  }
}

defineInterface("Blob", Blob);
makeCloneable(Blob, (blob) => blobFrom(bytesOfBlob(blob), blob.type));
showAttributes(Blob, ["size", "type"]);

export class File extends Blob {
  #name: string;
  #lastModified: number;

  constructor(parts: unknown, name: unknown, options: unknown = undefined) {
    requireArguments("File", arguments.length, 2);
    super(parts, options);
    const { lastModified } = toDictionary<{ lastModified: unknown }>(options, "FileOptions");
    this.#name = toUsvString(name);
    this.#lastModified = lastModified === undefined ? now() : toTime(lastModified);
  }

  get name(): string {
    return this.#name;
  }

  get lastModified(): number {
    return this.#lastModified;
  }
}

defineInterface("File", File);
showAttributes(File, ["name", "size", "type", "lastModified"]);

// --- For the other files of the script -----------------------------------------------------------

/** The bytes are the Blob's from here on; `type` is normal already. */
export function blobFrom(bytes: Uint8Array, type: string): Blob {
  return fill(new Blob(), bytes, type);
}

export function fileFrom(bytes: Uint8Array, name: string, type: string): File {
  return fill(new File(undefined, name), bytes, type);
}

/** Fetch §5.2, "extract a body" of a Blob. */
export function startForBody(blob: Blob): Extracted {
  return { source: copyBytes(bytesOfBlob(blob)), type: blob.type === "" ? null : blob.type };
}

/** One array of all the parts. */
export function concatenate(parts: Uint8Array[]): Uint8Array {
  let size = 0;
  for (let i = 0; i < parts.length; i++) size += TypedArrayByteLength(parts[i] as Uint8Array);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Uint8Array;
    TypedArraySet(bytes, part, offset);
    offset += TypedArrayByteLength(part);
  }
  return bytes;
}

// --- Parts of the constructor --------------------------------------------------------------------

/** File API §3.1, "process blob parts". */
function join(parts: unknown): Uint8Array {
  if (!isArray(parts)) {
    throw new TypeError(
      "Failed to construct 'Blob': constructor parameter 1 is not of type 'Array'.",
    );
  }
  const list = safeList<Uint8Array>();
  for (let i = 0; i < parts.length; i++) list[i] = bytesOfPart(parts[i]);
  const first = list[0];
  return list.length === 1 && first !== undefined && isBlob(parts[0]) ? first : concatenate(list);
}

function bytesOfPart(part: unknown): Uint8Array {
  if (isBlob(part)) return bytesOfBlob(part);
  if (isView(part)) return bytesOfView(part);
  if (isAnyArrayBuffer(part)) return new Uint8Array(part);
  return encodeUtf8(toUsvString(part));
}

const PRINTABLE = /^[\x20-\x7e]*$/;

/** File API §3.1: a type with other characters than these is none. */
function normalType(value: unknown): string {
  const type = `${value}`;
  return RegExpMatches(PRINTABLE, type) ? StringToLowerCase(type) : "";
}

/** A position as slice() has it: negative ones count from the end. */
function toPosition(value: unknown, size: number): number {
  const position = trunc(+(value as number)) || 0;
  return position < 0 ? max(size + position, 0) : min(position, size);
}

function toTime(value: unknown): number {
  return +(value as number) || 0;
}
