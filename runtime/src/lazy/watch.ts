// Watches what a Worker does with its subrequests, to tell the gateway what can be proved of it:
// where each was made, in which response's event, and whose responses had not been looked at by
// then. Code that runs in the event of a response was waiting for it; if nothing of the response
// was looked at, it can't have needed more than to know that it came. What else the request has got
// to know (a timer's time, a body, another response) is counted: where two subrequests were made at
// the same count, the second needed nothing that was not there for the first.

import { currentRequest, type RequestContext, send } from "../io.js";
import {
  ArrayBufferByteLength,
  isUint8Array,
  PromiseThen,
  SafeMap,
  SafeSet,
  SafeWeakMap,
  StringIndexOf,
  StringSlice,
  safeList,
  TypedArrayByteLength,
  toArray,
} from "../primordials.js";
import type { Watcher } from "../watch.js";

/** Contents of bodies that are remembered for each request, and the smallest that matter: shorter
 * ones come with their response's head in any case. */
const MOST_CONTENTS = 16;
const WORTH_STREAMING = 16 * 1024;

type Content = string | Uint8Array;

interface Watched {
  /** Ops whose responses have come and were not looked at. */
  readonly unread: SafeSet<number>;
  /** What was read of bodies, by their ops. */
  readonly contents: SafeMap<number, { form: string; content: Content }>;
  /** The event that it began with. */
  readonly begun: number;
  /** How often it got to know something. */
  known: number;
}

interface Origin {
  readonly request: RequestContext;
  readonly op: number;
}

const requests = new SafeWeakMap<RequestContext, Watched>();
const origins = new SafeWeakMap<object, Origin>();
/** The response that the current event brought. */
let cause: Origin | null = null;
let events = 0;

export const watcher: Watcher = {
  begin(request) {
    requests.set(request, {
      unread: new SafeSet(),
      contents: new SafeMap(),
      begun: events,
      known: 0,
    });
  },

  called(request, op, signal) {
    const watched = requests.get(request);
    if (watched === undefined) return;
    const unread = safeList<number>();
    watched.unread.forEach((op) => {
      unread[unread.length] = op;
    });
    const by = cause !== null && cause.request === request ? cause.op : null;
    const known = watched.known + (isNews(watched) ? 1 : 0);
    send(["cause", request.id, op, callSite(), by, toArray(unread), known, signal]);
  },

  arrived(request, op, response) {
    const watched = requests.get(request);
    if (watched === undefined) return;
    watched.unread.add(op);
    cause = { request, op };
    origins.set(response, cause);
  },

  eventOver(request) {
    const watched = request === null ? undefined : requests.get(request);
    if (watched !== undefined && isNews(watched)) watched.known++;
    cause = null;
    events++;
  },

  looked(response) {
    const origin = origins.get(response);
    const watched = origin === undefined ? undefined : requests.get(origin.request);
    if (origin !== undefined && watched?.unread.delete(origin.op)) watched.known++;
  },

  read(response, form, content) {
    const origin = origins.get(response);
    const watched = origin === undefined ? undefined : requests.get(origin.request);
    if (origin === undefined || watched === undefined) return;
    if (watched.contents.size >= MOST_CONTENTS) return;
    const keep = (content: unknown): void => {
      const kept = toContent(content);
      if (kept !== null) watched.contents.set(origin.op, { form, content: kept });
    };
    PromiseThen(content, keep, () => undefined);
  },

  sent(content) {
    const request = currentRequest();
    const watched = request === null ? undefined : requests.get(request);
    if (request === null || watched === undefined) return;
    watched.contents.forEach((read, op) => {
      if (!isSame(read.content, content)) return;
      watched.contents.delete(op);
      send(["passed", request.id, op, read.form, sizeOf(content)]);
    });
  },
};

/** Whether the event that is being handled tells something: all but a response that is not looked at
 * do, and the request's own. */
function isNews(watched: Watched): boolean {
  return cause === null && watched.begun !== events;
}

/** What is worth remembering; null for the rest, and for what is neither text nor bytes. */
function toContent(value: unknown): Content | null {
  const content = typeof value === "string" ? value : toBytes(value);
  return content === null || sizeOf(content) < WORTH_STREAMING ? null : content;
}

function toBytes(value: unknown): Uint8Array | null {
  if (isUint8Array(value)) return value;
  try {
    ArrayBufferByteLength(value as ArrayBuffer);
    return new Uint8Array(value as ArrayBuffer);
  } catch {
    return null;
  }
}

function sizeOf(content: Content): number {
  return typeof content === "string" ? content.length : TypedArrayByteLength(content);
}

/** Bytes are copied when they become a body: it's what they say that counts. */
function isSame(read: Content, sent: Content): boolean {
  if (typeof read === "string" || typeof sent === "string") return read === sent;
  const size = TypedArrayByteLength(read);
  if (size !== TypedArrayByteLength(sent)) return false;
  for (let i = 0; i < size; i++) if (read[i] !== sent[i]) return false;
  return true;
}

/** Where the Worker called: the topmost place that is in its own code. */
function callSite(): string {
  try {
    const { stack } = new Error();
    if (typeof stack !== "string") return ""; // the Worker may format stacks as it likes
    const start = StringIndexOf(stack, "worker:/");
    if (start < 0) return "";
    const rest = StringSlice(stack, start, start + MOST_CHARACTERS);
    const line = StringIndexOf(rest, "\n");
    const frame = line < 0 ? rest : StringSlice(rest, 0, line);
    const bracket = StringIndexOf(frame, ")");
    return bracket < 0 ? frame : StringSlice(frame, 0, bracket);
  } catch {
    return "";
  }
}

const MOST_CHARACTERS = 500;
