// Web IDL §4.3: DOMException. It is an Error to the engine (it has a stack, and `console` shows it
// as one), and its name and message are attributes of the interface.

import { StringIndexOf, StringSlice } from "../primordials.js";
import { defineConstants, defineInterface } from "./webidl.js";

const { Error } = globalThis;
const { defineProperty, hasOwn, setPrototypeOf } = Object;

/** Web IDL §2.8.1: names that have a code from before there were names. */
const legacyCodes: Record<string, [constant: string, code: number]> = {
  IndexSizeError: ["INDEX_SIZE_ERR", 1],
  HierarchyRequestError: ["HIERARCHY_REQUEST_ERR", 3],
  WrongDocumentError: ["WRONG_DOCUMENT_ERR", 4],
  InvalidCharacterError: ["INVALID_CHARACTER_ERR", 5],
  NoModificationAllowedError: ["NO_MODIFICATION_ALLOWED_ERR", 7],
  NotFoundError: ["NOT_FOUND_ERR", 8],
  NotSupportedError: ["NOT_SUPPORTED_ERR", 9],
  InUseAttributeError: ["INUSE_ATTRIBUTE_ERR", 10],
  InvalidStateError: ["INVALID_STATE_ERR", 11],
  SyntaxError: ["SYNTAX_ERR", 12],
  InvalidModificationError: ["INVALID_MODIFICATION_ERR", 13],
  NamespaceError: ["NAMESPACE_ERR", 14],
  InvalidAccessError: ["INVALID_ACCESS_ERR", 15],
  TypeMismatchError: ["TYPE_MISMATCH_ERR", 17],
  SecurityError: ["SECURITY_ERR", 18],
  NetworkError: ["NETWORK_ERR", 19],
  AbortError: ["ABORT_ERR", 20],
  URLMismatchError: ["URL_MISMATCH_ERR", 21],
  QuotaExceededError: ["QUOTA_EXCEEDED_ERR", 22],
  TimeoutError: ["TIMEOUT_ERR", 23],
  InvalidNodeTypeError: ["INVALID_NODE_TYPE_ERR", 24],
  DataCloneError: ["DATA_CLONE_ERR", 25],
};

/** Constants whose errors are not thrown any more. */
const historicalConstants = {
  DOMSTRING_SIZE_ERR: 2,
  NO_DATA_ALLOWED_ERR: 6,
  VALIDATION_ERR: 16,
};

/** Returns what it is given, so that private fields can be added to an Error. */
class Given {
  constructor(error: Error) {
    // biome-ignore lint/correctness/noConstructorReturn: the point of this class
    return error;
  }
}

class Slots extends Given {
  #message: string;
  #name: string;

  constructor(error: Error, message: string, name: string) {
    super(error);
    this.#message = message;
    this.#name = name;
  }

  static has(value: object): boolean {
    return #name in value;
  }

  static message(exception: object): string {
    return (exception as Slots).#message;
  }

  static title(exception: object): string {
    return (exception as Slots).#name;
  }
}

// Not `extends Error`: the interface object inherits from Function.prototype (Web IDL §3.14.1).
export class DOMException implements Error {
  declare stack?: string;

  constructor(message: unknown = "", name: unknown = "Error") {
    const text = `${message}`;
    const title = `${name}`;
    const error = new Error();
    const frames = `${error.stack ?? ""}`;
    setPrototypeOf(error, new.target.prototype);
    new Slots(error, text, title);
    const first = StringIndexOf(frames, "\n");
    const head = text === "" ? title : `${title}: ${text}`;
    defineProperty(error, "stack", {
      __proto__: null,
      value: first < 0 ? head : head + StringSlice(frames, first),
      writable: true,
      enumerable: false,
      configurable: true,
    } as PropertyDescriptor);
    // biome-ignore lint/correctness/noConstructorReturn: an Error, as the engine sees it
    return error as DOMException;
  }

  get name(): string {
    return Slots.title(this);
  }

  get message(): string {
    return Slots.message(this);
  }

  get code(): number {
    const name = Slots.title(this);
    return hasOwn(legacyCodes, name) ? legacyCodes[name]![1] : 0;
  }
}

export function isDomException(value: unknown): value is DOMException {
  return typeof value === "object" && value !== null && Slots.has(value);
}

setPrototypeOf(DOMException.prototype, Error.prototype);
defineInterface("DOMException", DOMException);
defineConstants(DOMException, {
  ...Object.fromEntries(Object.values(legacyCodes)),
  ...historicalConstants,
});
