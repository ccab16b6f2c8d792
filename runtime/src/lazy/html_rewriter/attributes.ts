// `attributes` of an element: what it had when they were asked for.

import { toArray } from "../../primordials.js";
import { defineInterface, iteratorPrototype } from "../../web/webidl.js";
import type { Handle } from "./handle.js";

const { deleteProperty, setPrototypeOf } = Reflect;

export class AttributesIterator {
  readonly #handle: Handle;
  readonly #attributes: string[][];
  #next = 0;

  constructor(handle: Handle) {
    const { lol, pointer } = handle;
    this.#handle = handle;
    this.#attributes = lol.take(lol.exports.element_attributes(pointer)) as string[][];
  }

  next(): IteratorResult<string[], undefined> {
    this.#handle.requireValid();
    const attribute = this.#attributes[this.#next];
    if (attribute === undefined) return { value: undefined, done: true };
    this.#next++;
    return { value: toArray(attribute), done: false };
  }
}

defineInterface("AttributesIterator", AttributesIterator);
deleteProperty(AttributesIterator.prototype, "constructor");
setPrototypeOf(AttributesIterator.prototype, iteratorPrototype);
