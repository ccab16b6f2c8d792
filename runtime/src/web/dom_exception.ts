// Web IDL §4.3: DOMException. It is an Error to the engine (it has a stack, and `console` shows it
// as one), and its name and message are attributes of the interface.

import { defineConstants, defineInterface } from "./webidl.js";

const { Error } = globalThis;
const { setPrototypeOf } = Object;

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
const Base = function base(error: Error): Error {
  return error;
} as unknown as new (
  error: Error,
) => Error;

export let isDomException: (value: unknown) => value is DOMException;

export class DOMException extends Base {
  #message: string;
  #name: string;

  static {
    isDomException = (value): value is DOMException =>
      typeof value === "object" && value !== null && #name in value;
  }

  constructor(message: unknown = "", name: unknown = "Error") {
    const text = `${message}`;
    const title = `${name}`;
    const error = new Error();
    setPrototypeOf(error, new.target.prototype);
    super(error);
    this.#message = text;
    this.#name = title;
    const frames = `${error.stack ?? ""}`.split("\n").slice(1);
    const stack = [text === "" ? title : `${title}: ${text}`, ...frames].join("\n");
    Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  }

  override get name(): string {
    return this.#name;
  }

  override get message(): string {
    return this.#message;
  }

  get code(): number {
    return Object.hasOwn(legacyCodes, this.#name) ? legacyCodes[this.#name]![1] : 0;
  }
}

setPrototypeOf(DOMException, Function.prototype);
setPrototypeOf(DOMException.prototype, Error.prototype);
defineInterface("DOMException", DOMException);
defineConstants(DOMException, {
  ...Object.fromEntries(Object.values(legacyCodes)),
  ...historicalConstants,
});
