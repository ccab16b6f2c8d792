// The tail handler: what other Workers' requests came to, as TraceItems.
// https://developers.cloudflare.com/workers/runtime-apis/handlers/tail/

import { describeError, reportException } from "../errors.js";
import { enter, RequestContext, send, settlePart } from "../io.js";
import { loadLazy } from "../lazy.js";
import { safeList } from "../primordials.js";
import type { TailEvent as TailMessage } from "../protocol.js";
import { dispatch, globalTarget, hasListeners } from "../web/events.js";
import { getEntrypoint, isEntrypointClass } from "../workers/entrypoint.js";
import { getEnvironment } from "../workers/environment.js";
import { newExecutionContext } from "../workers/execution_context.js";
import { makeExtendable } from "../workers/extendable_event.js";

const { TypeError } = globalThis;
const { apply, construct, defineProperty, deleteProperty } = Reflect;

interface RequestInfo {
  url: string;
  method: string;
  headers: object;
  cf: unknown;
}

interface Item {
  event: { request?: RequestInfo & { unredacted?: Pick<RequestInfo, "url" | "headers"> } };
}

export function handleTail(event: TailMessage): void {
  const context = new RequestContext(event[1]);
  context.pending = 1;
  enter({ request: context, values: undefined });
  const items = event[2] as Item[];
  for (let i = 0; i < items.length; i++) addUnredacted(items[i] as Item);
  void run(context, items);
}

/** TraceItemFetchEventInfoRequest.getUnredacted() */
function addUnredacted(item: Item): void {
  const { request } = item.event;
  if (request === undefined) return;
  const { unredacted, ...shown } = request;
  deleteProperty(request, "unredacted");
  const info = unredacted === undefined ? request : { ...shown, ...unredacted };
  const getUnredacted = { getUnredacted: () => info }.getUnredacted;
  define(request, getUnredacted);
  if (info !== request) define(info, getUnredacted);
}

/** Not enumerable: the rest is what JSON.stringify() shows. */
function define(request: object, getUnredacted: () => object): void {
  defineProperty(request, "getUnredacted", {
    __proto__: null,
    value: getUnredacted,
    writable: true,
    configurable: true,
  } as PropertyDescriptor);
}

async function run(context: RequestContext, items: Item[]): Promise<void> {
  try {
    await callHandler(context, items);
  } catch (error) {
    if (context.finished) return;
    const { name, message, stack } = describeError(error);
    send(["fail", context.id, "exception", name, message, stack, false]);
  } finally {
    settlePart(context);
  }
}

function callHandler(context: RequestContext, items: Item[]): unknown {
  const entrypoint = getEntrypoint(null);
  if (entrypoint === undefined) return callListeners(context, items);
  const ctx = newExecutionContext(context, null);
  if (isEntrypointClass(entrypoint)) {
    const instance = construct(entrypoint, [ctx, getEnvironment()]);
    return apply(requireTail(instance), instance, [items]);
  }
  return apply(requireTail(entrypoint), entrypoint, [items, getEnvironment(), ctx]);
}

function requireTail(entrypoint: object): (...values: unknown[]) => unknown {
  const { tail } = entrypoint as { tail?: unknown };
  if (typeof tail === "function") return tail as (...values: unknown[]) => unknown;
  throw new TypeError("Handler does not export a tail() function.");
}

/** The classic form. */
function callListeners(context: RequestContext, items: Item[]): void {
  if (!hasListeners(globalTarget, "tail")) {
    throw new TypeError('No tail handler: call addEventListener("tail", …).');
  }
  const thrown = safeList<unknown>();
  const { TailEvent } = loadLazy("events") as typeof import("./events.js");
  const event = makeExtendable(() => new TailEvent(context, items));
  dispatch(globalTarget, event, (error) => {
    thrown[thrown.length] = error;
  });
  for (let i = 1; i < thrown.length; i++) reportException(thrown[i]);
  if (thrown.length > 0) throw thrown[0];
}
