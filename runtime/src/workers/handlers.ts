// From a request event to the Worker's handler, and from its answer to a command.

import { describeError, endStart, enter, RequestContext, send, settlePart } from "../io.js";
import { StringToLowerCase, TypedArrayByteLength } from "../primordials.js";
import type { FlatHeaders, RequestEvent } from "../protocol.js";
import { extractForCommand } from "../web/body.js";
import { getFlat } from "../web/headers.js";
import { type Request, requestFromEvent } from "../web/request.js";
import { isResponse, type Response, responseHead } from "../web/response.js";
import { loadWebSockets, type PassedWebSocket } from "../web/web_sockets.js";
import { type EntrypointClass, isEntrypointClass } from "./entrypoint.js";
import { getEnvironment } from "./environment.js";
import { newExecutionContext } from "./execution_context.js";
import { dispatchFetchEvent } from "./fetch_event.js";

const { TypeError } = globalThis;
const { apply, construct } = Reflect;

type FetchHandler = (request: Request, env: unknown, ctx: unknown) => unknown;

let fetchHandler: FetchHandler | null = null;
let fetchHandlerThis: unknown;
let entrypoint: EntrypointClass | null = null;

/** Takes the namespace of the Worker's main module: what `export default` has. */
export function installWorker(namespace: object): void {
  const exported: unknown = "default" in namespace ? namespace.default : undefined;
  if (isEntrypointClass(exported)) {
    entrypoint = exported;
  } else if (typeof exported === "object" && exported !== null && "fetch" in exported) {
    if (typeof exported.fetch === "function") {
      fetchHandler = exported.fetch as FetchHandler;
      fetchHandlerThis = exported;
    }
  }
  endStart();
}

export function handleRequest(event: RequestEvent, bytes: Uint8Array | null): void {
  const context = new RequestContext(event[1]);
  context.pending = 1;
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
    const response = await callHandler(context, request);
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

function callHandler(context: RequestContext, request: Request): unknown {
  if (fetchHandler !== null) {
    return apply(fetchHandler, fetchHandlerThis, [
      request,
      getEnvironment(),
      newExecutionContext(context),
    ]);
  }
  if (entrypoint !== null) return callEntrypoint(entrypoint, context, request);
  const { answered, response } = dispatchFetchEvent(context, request);
  if (answered) return response;
  throw new TypeError(
    "No fetch handler answered: export default { fetch } or call event.respondWith() in a " +
      '"fetch" event listener.',
  );
}

/** A new instance for each event: `this.ctx` is the event's. */
function callEntrypoint(
  Entrypoint: EntrypointClass,
  context: RequestContext,
  request: Request,
): unknown {
  const instance = construct(Entrypoint, [newExecutionContext(context), getEnvironment()]);
  const { fetch } = instance;
  if (typeof fetch !== "function")
    throw new TypeError("Handler does not export a fetch() function.");
  return apply(fetch, instance, [request]);
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
