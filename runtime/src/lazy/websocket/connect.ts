// `new WebSocket(url)`: the opening handshake, which is a subrequest.

import { dropOp, newOp, type RequestContext, send } from "../../io.js";
import {
  ArrayJoin,
  RegExpMatches,
  StringIncludes,
  StringSlice,
  StringStartsWith,
  safeList,
} from "../../primordials.js";
import type { FlatHeaders } from "../../protocol.js";
import { DOMException } from "../../web/dom_exception.js";
import { normalizeUrl } from "../../web/url.js";

const { TypeError } = globalThis;
const { isArray } = Array;

export interface Connecting {
  /** Nobody is told any more. */
  cancel(): void;
}

interface Outcome {
  opened(websocket: number, headers: FlatHeaders): void;
  failed(error: unknown): void;
}

/** Throws for what can't be tried. */
export function connect(
  request: RequestContext,
  url: string,
  protocols: unknown,
  { opened, failed }: Outcome,
): Connecting {
  const target = httpUrl(url);
  const headers = handshakeHeaders(protocols);
  const op = newOp((event) => {
    if (event[0] === "failure") {
      failed(new TypeError(event[3]));
    } else if (event[0] === "response") {
      const { 2: status, 4: received, 9: websocket } = event;
      if (websocket !== null) {
        opened(websocket, received);
      } else {
        if (event[8] !== null) send(["discard", event[8]]);
        failed(
          new TypeError(
            "Failed to establish the WebSocket connection: expected server to reply with HTTP " +
              `status code 101 (switching protocols), but received ${status} instead.`,
          ),
        );
      }
    }
  });
  const no = null;
  send(["fetch", request.id, op, "GET", target, headers, no, no, no, "manual", no, no, no, no]);
  return {
    cancel() {
      dropOp(op);
      send(["abort", op]);
    },
  };
}

function httpUrl(text: string): string {
  const url = normalizeUrl(text);
  if (url === null) throw wrong("The url is invalid.");
  if (!StringStartsWith(url, "ws:") && !StringStartsWith(url, "wss:")) {
    throw wrong("The url scheme must be ws or wss.");
  }
  if (StringIncludes(url, "#")) throw wrong("The url fragment must be empty.");
  return `http${StringSlice(url, 2)}`;
}

function handshakeHeaders(protocols: unknown): FlatHeaders {
  const headers: FlatHeaders = ["upgrade", "websocket"];
  if (protocols === undefined) return headers;
  const names = safeList<string>();
  if (isArray(protocols)) {
    for (let i = 0; i < protocols.length; i++) names[i] = `${protocols[i]}`;
    if (names.length === 0) throw wrong("The protocols array cannot be empty.");
  } else {
    names[0] = `${protocols}`;
  }
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (!RegExpMatches(TOKEN, name)) throw wrong("The protocol header token is invalid.");
    for (let k = 0; k < i; k++) {
      if (names[k] === name) throw wrong("The protocols header cannot have repeating values.");
    }
  }
  headers[2] = "sec-websocket-protocol";
  headers[3] = ArrayJoin(names, ", ");
  return headers;
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function wrong(what: string): DOMException {
  return new DOMException(`WebSocket Constructor: ${what}`, "SyntaxError");
}
