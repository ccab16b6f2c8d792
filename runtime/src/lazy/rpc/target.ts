// Which object a call is for, and what of it may be reached.
// https://developers.cloudflare.com/workers/runtime-apis/rpc/visibility/

import { isProxy } from "../../engine.js";
import type { RequestContext } from "../../io.js";
import { ArrayIncludes, ArrayJoin } from "../../primordials.js";
import type { Props } from "../../protocol.js";
import {
  getEntrypoint,
  isDerived,
  isEntrypointClass,
  RpcTarget,
} from "../../workers/entrypoint.js";
import { getEnvironment } from "../../workers/environment.js";
import { newExecutionContext } from "../../workers/execution_context.js";
import { isFetcher } from "../../workers/fetcher.js";
import { isProperty, ownProperties, stateOf } from "./client.js";
import type { LocalHandle } from "./handles.js";

const { Error, Object, TypeError } = globalThis;
const { apply, construct, getPrototypeOf } = Reflect;
const { hasOwn, prototype: objectPrototype } = Object;
const { prototype: targetPrototype } = RpcTarget;

const RESERVED = ["constructor", "dup"];
/** Of entrypoints: names by which the platform calls them otherwise. */
const RESERVED_OF_ENTRYPOINTS = [
  ...["fetch", "connect", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"],
  ...RESERVED,
];

export interface Target {
  readonly object: object;
  /** Its own properties can be reached, and not those of its class. */
  readonly own: boolean;
  readonly reserved: readonly string[];
  /** Of an entrypoint that is an object: what its methods get beside their one argument. */
  readonly extra: readonly [env: unknown, ctx: unknown] | null;
}

type Value = Record<string, unknown>;

/** An export of the Worker's main module. */
export function entrypointTarget(
  request: RequestContext,
  name: string | null,
  props: Props,
): Target {
  const entrypoint = getEntrypoint(name) ?? {};
  const reserved = RESERVED_OF_ENTRYPOINTS;
  const ctx = newExecutionContext(request, props);
  const env = getEnvironment();
  if (!isEntrypointClass(entrypoint)) {
    return { object: entrypoint, own: true, reserved, extra: [env, ctx] };
  }
  return { object: construct(entrypoint, [ctx, env]), own: false, reserved, extra: null };
}

/** What stubs stand for. */
export function exportTarget(handle: LocalHandle | undefined): Target {
  if (handle === undefined) throw new Error("The object behind this RPC stub is gone.");
  return { object: handle.object, own: handle.own, reserved: RESERVED, extra: null };
}

/** The result of a call, which another one is for. */
export function resultTarget(value: unknown): Target {
  const isStub = isObject(value) && stateOf(value) !== undefined;
  const own = isStub ? false : ownProperties(value);
  const object = own === null ? {} : (value as object);
  return { object, own: own ?? true, reserved: RESERVED, extra: null };
}

/** Calls the method at the end of the path; without `values`, gives what is there. */
export function invoke(target: Target, path: string[], values: unknown[] | null): unknown {
  const { value, self } = find(target, path);
  if (values === null) return value;
  const name = path.length === 0 ? "(this)" : ArrayJoin(path, ".");
  // The platform's words, here and below.
  if (typeof value !== "function") throw new TypeError(`"${name}" is not a function.`);
  if (target.extra !== null) return invokeHandler(value as never, self, name, values, target.extra);
  return apply(value, self, values);
}

/** A method of an entrypoint that is an object gets (argument, env, ctx). */
function invokeHandler(
  method: (...values: unknown[]) => unknown,
  self: object,
  name: string,
  values: unknown[],
  extra: readonly [env: unknown, ctx: unknown],
): unknown {
  if (method.length > 3) {
    throw new TypeError(
      `Cannot call handler function "${name}" over RPC because it has the wrong number of ` +
        "arguments. A simple function handler can only be called over RPC if it has exactly the " +
        "arguments (arg, env, ctx), where only the first argument comes from the client. To " +
        "support multi-argument RPC functions, use class-based syntax (extending " +
        "WorkerEntrypoint) instead.",
    );
  }
  if (values.length !== 1) {
    throw new TypeError(
      `Attempted to call RPC function "${name}" with the wrong number of arguments. When calling ` +
        "a top-level handler function that is not declared as part of a class, you must always " +
        "send exactly one argument. In order to support variable numbers of arguments, the server " +
        "must use class-based syntax (extending WorkerEntrypoint) instead.",
    );
  }
  return apply(method, self, [values[0], extra[0], extra[1]]);
}

function find(target: Target, path: string[]): { value: unknown; self: object } {
  let { object, own } = target;
  let inStub = stateOf(object) !== undefined || isFetcher(object);
  for (let i = 0; i < path.length; i++) {
    const name = path[i] as string;
    const value = read(object, name, own, target.reserved);
    if (i === path.length - 1) return { value, self: object };
    if (!isObject(value)) throw notThere(name);
    const isStub = stateOf(value) !== undefined;
    if (isStub || (inStub && isProperty(value))) {
      own = false;
      inStub = true;
    } else {
      own = reachable(value, name);
    }
    object = value;
  }
  return { value: object, self: object };
}

/** Whether it is the object's own properties that can be reached; throws where there are none. */
function reachable(value: object, name: string): boolean {
  if (getPrototypeOf(value) === objectPrototype && typeof value !== "function") return true;
  if (isDerived(value, targetPrototype)) return false;
  if (typeof value === "function" && !isProxy(value)) return true;
  throw notThere(name);
}

function read(object: object, name: string, own: boolean, reserved: readonly string[]): unknown {
  if (ArrayIncludes(reserved, name)) {
    throw new TypeError(`'${name}' is a reserved method and cannot be called over RPC.`);
  }
  if (own !== hasOwn(object, name)) throw notThere(name);
  const value = (object as Value)[name];
  if (!own && value === (objectPrototype as unknown as Value)[name]) throw notThere(name);
  return value;
}

function notThere(name: string): TypeError {
  return new TypeError(`The RPC receiver does not implement the method "${name}".`);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
