// An operation on a binding: a command to the gateway, which performs it.

import { dropOp, newOp, requireRequest, send } from "../../io.js";
import { TypedArrayByteLength } from "../../primordials.js";
import type { FailureEvent } from "../../protocol.js";
import { extractForCommand } from "../../web/body.js";
import { GatewayBody } from "../../web/gateway_body.js";
import { Response } from "../../web/response.js";

const { Error, Promise, TypeError } = globalThis;

/** Bytes that an operation gave; a longer value stays at the gateway. */
export type Given = Uint8Array | GatewayBody | null;

/**
 * Asks for an operation; the promise is of what `convert` makes of its result. `content` is what
 * comes with it, anything that a body can be made of.
 */
export function operate<T>(
  binding: string,
  method: string,
  args: unknown[],
  convert: (value: never, given: Given) => T | Promise<T>,
  content: unknown = null,
): Promise<T> {
  const request = requireRequest();
  const response = new Response(content);
  return new Promise((resolve, reject) => {
    const body = extractForCommand(response, (error) => {
      dropOp(op);
      send(["abort", op]);
      reject(error);
    });
    const op = newOp((event, bytes) => {
      if (event[0] === "failure") {
        reject(toError(event));
      } else if (event[0] === "result") {
        const stream = event[4];
        try {
          resolve(
            convert(event[2] as never, stream === null ? bytes : new GatewayBody(stream, null)),
          );
        } catch (error) {
          reject(error);
        }
      }
    });
    const { inline, stream, sink } = body;
    const size = inline === null ? null : TypedArrayByteLength(inline);
    send(
      ["operate", request.id, op, binding, method, args, size, stream, sink],
      inline ?? undefined,
    );
  });
}

function toError({ 2: name, 3: message }: FailureEvent): Error {
  return name === "TypeError" ? new TypeError(message) : new Error(message);
}
