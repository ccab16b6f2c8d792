// fetch() (Fetch §5.6): a command to the gateway, which does the networking.

import { dropOp, newOp, requireRequest, send } from "../io.js";
import { loadLazy } from "../lazy.js";
import {
  PromiseReject,
  PromiseResolve,
  StringStartsWith,
  TypedArrayByteLength,
} from "../primordials.js";
import type { CfProperties, FailureEvent, FlatHeaders, ResponseEvent } from "../protocol.js";
import { watcher } from "../watch.js";
import type { ServiceRef } from "../workers/fetcher.js";
import {
  type AbortSignal,
  abortReason,
  addAbortAlgorithm,
  isAborted,
  removeAbortAlgorithm,
} from "./abort.js";
import { extractForCommand, withTrueLength } from "./body.js";
import { DOMException } from "./dom_exception.js";
import { GatewayBody } from "./gateway_body.js";
import { getFlat, withHeader } from "./headers.js";
import { isRequest, Request, type RequestHead, requestHead } from "./request.js";
import { Response, responseFromEvent } from "./response.js";
import { requireArguments } from "./webidl.js";

const { Error, Promise, RangeError, TypeError } = globalThis;
const { parse, stringify } = JSON;

/** Makes a subrequest. Everything that is wrong with the arguments is a rejection. */
export function fetch(input: unknown, init: unknown = undefined): Promise<Response> {
  try {
    requireArguments("fetch", arguments.length, 1);
    const plain = init === undefined || init === null;
    return subrequest(plain && isRequest(input) ? input : new Request(input, init), null);
  } catch (error) {
    return PromiseReject(error);
  }
}

/** The same, answered by the Worker behind a service binding. */
export function fetchFromService(
  service: ServiceRef,
  input: unknown,
  init: unknown,
): Promise<Response> {
  try {
    return subrequest(new Request(input, init), service);
  } catch (error) {
    return PromiseReject(error);
  }
}

function subrequest(request: Request, service: ServiceRef | null): Promise<Response> {
  const context = requireRequest();
  const head = requestHead(request);
  const { method, url, signal, redirect } = head;
  if (signal !== null && isAborted(signal)) throw abortReason(signal);
  if (StringStartsWith(url, "data:")) return PromiseResolve(dataResponse(method, url));
  if (!StringStartsWith(url, "https:") && !StringStartsWith(url, "http:")) throw unloadable(url);
  const headers = headersToSend(request, head);
  const cf = cfToSend(head);

  return new Promise((resolve, reject) => {
    // Throws for a body that is used. One that breaks later takes the request with it.
    const body = extractForCommand(request, (error) => {
      dropOp(op);
      send(["abort", op]);
      reject(error);
    });
    const abort = (): void => {
      dropOp(op);
      send(["abort", op]);
      reject(signal === null ? undefined : abortReason(signal));
    };
    const op = newOp((event, bytes) => {
      if (signal !== null) removeAbortAlgorithm(signal, abort);
      if (event[0] === "response") {
        const response = toResponse(event, bytes, signal);
        watcher?.arrived(context, op, response);
        resolve(response);
      } else if (event[0] === "failure") reject(toError(event));
    });
    if (signal !== null) addAbortAlgorithm(signal, abort);
    const size = body.inline === null ? null : TypedArrayByteLength(body.inline);
    const { stream, sink, inline } = body;
    send(
      [
        "fetch",
        context.id,
        op,
        method,
        url,
        headers,
        size,
        stream,
        sink,
        redirect,
        cf,
        service?.binding ?? null,
        service?.entrypoint ?? null,
        service?.props ?? null,
      ],
      inline ?? undefined,
    );
    watcher?.called(context, op, signal !== null);
  });
}

/** "Scheme fetch" (Fetch §4.3) of a `data:` URL, which is no subrequest. */
function dataResponse(method: string, url: string): Response {
  const script = loadLazy("data_url") as typeof import("../lazy/data_url.js");
  const data = script.readDataUrl(url);
  if (data === null) throw unloadable(url);
  return new Response(method === "HEAD" ? null : data.bytes, {
    __proto__: null,
    statusText: "OK",
    headers: { __proto__: null, "content-type": data.type },
  });
}

function unloadable(url: string): TypeError {
  return new TypeError(`Fetch API cannot load: ${url}`);
}

function headersToSend(request: Request, { headers, cache }: RequestHead): FlatHeaders {
  let list = withTrueLength(request, headers);
  const add = (name: string, value: string): void => {
    if (getFlat(list, name) === null) list = withHeader(list, name, value);
  };
  if (cache !== undefined) {
    // What the platform sends for each of the modes it has.
    add("cache-control", "no-cache");
    add("pragma", "no-cache");
  }
  return list;
}

/** A copy that JSON can carry: what it can't fails here, and not the turn. */
function cfToSend({ cf, cache }: RequestHead): CfProperties {
  if (cf === null && cache === undefined) return null;
  const json = stringify(cf ?? {});
  if (depth(json) > MAX_CF_DEPTH) throw new TypeError("'cf' is nested too deep.");
  const copy: Record<string, unknown> = parse(json);
  if (cache === "no-store") copy.cacheTtl = -1;
  if (cache === "no-store") copy.cacheLevel = "bypass";
  if (cache === "no-cache") copy.cacheForceRevalidate = true;
  return copy;
}

/** More than the platform's own goes, and far less than what other JSON parsers give up at. */
const MAX_CF_DEPTH = 64;

/** How deep JSON nests, at most: brackets in strings count as well. */
function depth(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

/** The response that an op got, whose body may be aborted by `signal`. */
export function toResponse(
  event: ResponseEvent,
  bytes: Uint8Array | null,
  signal: AbortSignal | null,
): Response {
  const stream = event[8];
  if (bytes !== null || stream === null) return responseFromEvent(event, bytes);
  if (signal === null) return responseFromEvent(event, new GatewayBody(stream, null));

  // The signal goes on to matter until the body is over (Fetch §5.6, "abort a fetch() call"); when
  // the body has been passed on, the gateway breaks it off on its way.
  const abort = (): void => {
    send(["abort", event[1]]);
    body.fail(abortReason(signal));
  };
  const body = new GatewayBody(stream, () => removeAbortAlgorithm(signal, abort));
  addAbortAlgorithm(signal, abort);
  return responseFromEvent(event, body);
}

/** The standard has TypeErrors only; aborts and timeouts are DOMExceptions. */
export function toError({ 2: name, 3: message }: FailureEvent): Error | DOMException {
  switch (name) {
    case "TypeError":
      return new TypeError(message);
    case "RangeError":
      return new RangeError(message);
    case "Error":
      return new Error(message);
    default:
      return new DOMException(message, name);
  }
}
