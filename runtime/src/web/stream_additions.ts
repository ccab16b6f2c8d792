// What the platform adds to the readers of byte streams.
// https://developers.cloudflare.com/workers/runtime-apis/streams/readablestreambyobreader/

import {
  bytesOfView,
  TypedArrayByteLength,
  TypedArrayLength,
  TypedArrayName,
} from "../primordials.js";
import { ReadableStreamBYOBReader, ReadableStreamBYOBRequest } from "./streams.js";

const { TypeError } = globalThis;
const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
const { isView } = ArrayBuffer;

interface Result {
  done: boolean;
  value: ArrayBufferView | undefined;
}

type Read = (view: unknown, options: { min: number }) => Promise<Result>;
const read = ReadableStreamBYOBReader.prototype.read as unknown as Read;

/** The parts of web-streams-polyfill that say how much a reader waits for. */
interface RequestInternals {
  _associatedReadableByteStreamController:
    | { _pendingPullIntos: { peek(): { bytesFilled: number; minimumFill: number } } }
    | undefined;
}

class ReaderAdditions {
  /** Reads at least so many elements, unless the stream ends before that. */
  async readAtLeast(minimum: number, view: ArrayBufferView): Promise<Result> {
    const min = +minimum;
    if (!(min >= 1)) {
      throw new TypeError(`Requested invalid minimum number of bytes to read (${min}).`);
    }
    const size = isView(view) ? elements(view) : min;
    if (min > size) {
      throw new TypeError(`Minimum bytes to read (${min}) exceeds size of buffer (${size}).`);
    }
    const result = await apply(read, this, [view, { __proto__: null, min }]);
    // The standard tells the end with the last bytes, the platform with the read after them.
    const { done, value } = result;
    if (done && value !== undefined && elements(value) > 0) result.done = false;
    return result;
  }
}

class RequestAdditions {
  /** How many bytes the reader still waits for. */
  get atLeast(): number | null {
    // Throws for what is no such request.
    void (this as unknown as ReadableStreamBYOBRequest).view;
    const { _associatedReadableByteStreamController: controller } =
      this as unknown as RequestInternals;
    if (controller === undefined) return null;
    const { bytesFilled, minimumFill } = controller._pendingPullIntos.peek();
    return minimumFill - bytesFilled;
  }
}

add(ReadableStreamBYOBReader.prototype, ReaderAdditions.prototype, "readAtLeast");
add(ReadableStreamBYOBRequest.prototype, RequestAdditions.prototype, "atLeast");

function add(target: object, additions: object, name: string): void {
  const descriptor = getOwnPropertyDescriptor(additions, name) as PropertyDescriptor;
  defineProperty(target, name, { ...descriptor, enumerable: true });
}

function elements(view: ArrayBufferView): number {
  return TypedArrayName(view) === undefined
    ? TypedArrayByteLength(bytesOfView(view))
    : TypedArrayLength(view);
}
