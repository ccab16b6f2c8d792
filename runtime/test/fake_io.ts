// The way out of the isolate, as tests see it: commands pile up, events are made by hand.

import type { Command, FailureEvent, ResponseEvent, TimerEvent } from "../src/protocol.js";

export * from "./fake_bodies.js";

export const commands: Command[] = [];
export const exceptions: unknown[] = [];
export const fake: { request: { id: number } | null } = { request: { id: 7 } };

type OpEvent = ResponseEvent | FailureEvent | TimerEvent;
type Settle = (event: OpEvent, bytes: Uint8Array | null) => void;
const ops = new Map<number, Settle>();
let lastOp = 0;

export function currentRequest(): { id: number } | null {
  return fake.request;
}

export function requireRequest(): { id: number } {
  if (fake.request === null) throw new Error("Disallowed operation called within global scope.");
  return fake.request;
}

export function requireOwner(owner: { id: number } | null, type: string): void {
  if (owner !== null && owner !== fake.request) throw new Error(`a different request: ${type}`);
}

/** Commands leave the isolate as JSON. */
export function send(command: Command): void {
  commands.push(JSON.parse(JSON.stringify(command)));
}

export function newOp(settle: Settle): number {
  ops.set(++lastOp, settle);
  return lastOp;
}

export function dropOp(op: number): void {
  ops.delete(op);
}

/** The timer `op` fires. */
export function fire(op: number): void {
  settle(["timer", op], null);
}

/** The event of an op arrives. */
export function settle(event: OpEvent, bytes: Uint8Array | null = null): void {
  const handler = ops.get(event[1]);
  ops.delete(event[1]);
  handler?.(event, bytes);
}

export function pendingOps(): number {
  return ops.size;
}

export function fillRandom(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}

export function reportException(error: unknown): void {
  exceptions.push(error);
}

/** Nothing that is tested here asks more of the host. */
export const host: { isOurs(source: string): boolean } = { isOurs: () => false };
