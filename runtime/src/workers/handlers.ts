// From a request event to the Worker's handler, and from its answer to a command.

import { describeError } from "../errors.js";
import { endStart, enter, RequestContext, send, settlePart } from "../io.js";
import { StringToLowerCase, TypedArrayByteLength } from "../primordials.js";
import type { FlatHeaders, Props, RequestEvent } from "../protocol.js";
import { watch } from "../watch.js";
import { extractForCommand } from "../web/body.js";
import { getFlat } from "../web/headers.js";
import { type Request, requestFromEvent } from "../web/request.js";
import { isResponse, type Response, responseHead } from "../web/response.js";
import { loadWebSockets, type PassedWebSocket } from "../web/web_sockets.js";
import { getEntrypoint, installEntrypoints, isEntrypointClass } from "./entrypoint.js";
import { getEnvironment } from "./environment.js";
import { newExecutionContext } from "./execution_context.js";
import { dispatchFetchEvent } from "./fetch_event.js";

const { TypeError } = globalThis;
const { apply, construct } = Reflect;

type FetchHandler = (request: Request, env: unknown, ctx: unknown) => unknown;

/** Takes the namespace of the Worker's main module. */
export function installWorker(namespace: object): void {
  installEntrypoints(namespace);
  endStart();
}

export function handleRequest(event: RequestEvent, bytes: Uint8Array | null): void {
  const context = new RequestContext(event[1], event[10]);
  context.pending = 1;
  if (event[11]) watch(context);
  enter({ request: context, values: undefined });
  void answer(context, event, bytes);
}

async function answer(
  context: RequestContext,
  event: RequestEvent,
  bytes: Uint8Array | null,
): Promise<void> {
  try {
    const request = requestFromEvent(event, bytes, context);
    const response = await callHandler(context, request, event[8], event[9]);
    if (!isResponse(response)) {
      throw new TypeError("Incorrect type for Promise: the Promise did not resolve to 'Response'.");
    }
    if (!context.finished) respond(context, response, event[4]);
  } catch (error) {
    if (context.finished) return;
    const { name, message, stack } = describeError(error);
    send(["fail", context.id, "exception", name, message, stack, context.passThrough]);
  } finally {
    settlePart(context);
  }
}

function callHandler(
  context: RequestContext,
  request: Request,
  name: string | null,
  props: Props,
): unknown {
  const entrypoint = getEntrypoint(name);
  if (entrypoint === undefined && name === null) return callListeners(context, request);
  const ctx = newExecutionContext(context, props);
  if (isEntrypointClass(entrypoint)) {
    // A new instance for each event: `this.ctx` is the event's.
    const instance = construct(entrypoint, [ctx, getEnvironment()]);
    return apply(requireFetch(instance), instance, [request]);
  }
  if (name === null && !hasFetch(entrypoint)) return callListeners(context, request);
  return apply(requireFetch(entrypoint), entrypoint, [request, getEnvironment(), ctx]);
}

function hasFetch(entrypoint: object | undefined): entrypoint is { fetch: FetchHandler } {
  return typeof (entrypoint as { fetch?: unknown } | undefined)?.fetch === "function";
}

function requireFetch(entrypoint: object | undefined): FetchHandler {
  if (hasFetch(entrypoint)) return entrypoint.fetch;
  throw new TypeError("Handler does not export a fetch() function.");
}

/** The classic form. */
function callListeners(context: RequestContext, request: Request): unknown {
  const { answered, response } = dispatchFetchEvent(context, request);
  if (answered) return response;
  throw new TypeError(
    "No fetch handler answered: export default { fetch } or call event.respondWith() in a " +
      '"fetch" event listener.',
  );
}

function respond(context: RequestContext, response: Response, asked: FlatHeaders): void {
  const head = responseHead(response);
  const socket = head.webSocket === null ? null : passWebSocket(context, head.webSocket, asked);
  const body = extractForCommand(response);
  send(
    [
      "respond",
      context.id,
      head.status,
      head.statusText,
      head.headers,
      body.inline === null ? null : TypedArrayByteLength(body.inline),
      body.stream,
      body.sink,
      head.encoded,
      socket?.websocket ?? null,
      socket?.port ?? null,
    ],
    body.inline ?? undefined,
  );
  socket?.begin();
}

function passWebSocket(
  context: RequestContext,
  socket: object,
  asked: FlatHeaders,
): PassedWebSocket {
  if (StringToLowerCase(getFlat(asked, "upgrade") ?? "") !== "websocket") {
    // The platform's words.
    throw new TypeError(
      "Worker tried to return WebSocket in a response to a request which did not contain the " +
        'header "Upgrade: websocket".',
    );
  }
  return loadWebSockets().pass(socket, context);
}
