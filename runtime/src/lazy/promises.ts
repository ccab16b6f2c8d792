// Whose promises a request waits for, and where in the Worker's code. V8 tells of each promise that
// is made, and for which other one, if it is asked to. That makes promises ten times as slow (0.5
// µs each), so it is asked only when a request waits for nothing that is known while others go on;
// `dev` asks from the start, as it wants to say where.
//
// Where it stops being exact: promises that were made before are taken for those of the requests
// that were open then; and a promise that was made by code in between (by then(), say) belongs to
// whoever attached it.

import { getPromiseDetails, setPromiseHooks } from "../engine.js";
import { isIdle } from "../hung.js";
import { currentRequest, openRequests, type RequestContext } from "../io.js";
import {
  ArrayShift,
  listFilter,
  SafeSet,
  SafeWeakMap,
  StringIncludes,
  safeList,
  splitString,
} from "../primordials.js";

const { Error } = globalThis;

const PENDING = 0;
/** Waits that are kept of a request, before those that are over are thrown away. */
const MOST = 256;

interface Wait {
  readonly promise: Promise<unknown>;
  /** Whose promise it is; null for one of `early`. */
  readonly maker: RequestContext | null;
}

interface Place {
  readonly promise: Promise<unknown>;
  /** It was awaited there, and not only made. */
  readonly awaited: boolean;
  readonly job: number;
  readonly trace: { readonly stack?: unknown };
}

/** Who made a promise. */
const makers: SafeWeakMap<Promise<unknown>, RequestContext> = new SafeWeakMap();
/** A request's waits for promises of others. */
const waits: SafeWeakMap<RequestContext, Wait[]> = new SafeWeakMap();
/** Where a request's code made promises and awaited them, if that is to be told. */
const places: SafeWeakMap<RequestContext, Place[]> = new SafeWeakMap();
/** Requests that were open when the watch began. */
const early: SafeSet<RequestContext> = new SafeSet();
let tellsPlaces = false;
/** Counts the reactions of promises that have run. */
let job = 0;

/** From now on. `tellPlaces` costs more still: a stack trace for each promise. */
export function watch(tellPlaces: boolean): void {
  tellsPlaces = tellPlaces;
  openRequests.forEach((request) => {
    early.add(request);
  });
  setPromiseHooks(made, tellPlaces ? nextJob : undefined, undefined, undefined);
}

/** V8 has made a promise; `parent` is the one that it was made to wait for. */
function made(promise: Promise<unknown>, parent: Promise<unknown> | undefined): void {
  const request = currentRequest();
  if (request === null) return;
  makers.set(promise, request);
  if (tellsPlaces) notePlace(request, parent ?? promise, parent !== undefined);
  if (parent === undefined) return;
  const maker = makers.get(parent) ?? null;
  if (maker === request || (maker === null && early.size === 0)) return;
  add(waits, request, { promise: parent, maker });
}

function nextJob(): void {
  job++;
}

function notePlace(request: RequestContext, promise: Promise<unknown>, awaited: boolean): void {
  add(places, request, { promise, awaited, job, trace: new Error() });
}

function add<T extends { readonly promise: Promise<unknown> }>(
  lists: SafeWeakMap<RequestContext, T[]>,
  request: RequestContext,
  item: T,
): void {
  let list = lists.get(request);
  if (list !== undefined && list.length >= MOST) {
    list = stillPending(list);
    if (list.length >= MOST) ArrayShift(list);
    lists.set(request, list);
  }
  if (list === undefined) {
    list = safeList<T>();
    lists.set(request, list);
  }
  list[list.length] = item;
}

function stillPending<T extends { readonly promise: Promise<unknown> }>(list: T[]): T[] {
  return listFilter(list, ({ promise }) => getPromiseDetails(promise)[0] === PENDING);
}

/**
 * Whether an idle request waits for a promise of another one that is not idle. A request that has
 * nothing to wait for but what led to this one, by way of other Workers, is: each waits for the
 * other.
 */
export function waitsForAnother(request: RequestContext): boolean {
  return new Look(request.causes).waits(request);
}

class Look {
  readonly #causes: readonly number[];
  readonly #seen: SafeSet<RequestContext> = new SafeSet();

  constructor(causes: readonly number[]) {
    this.#causes = causes;
  }

  waits(request: RequestContext): boolean {
    this.#seen.add(request);
    // What it awaited before the watch began is not known.
    if (early.has(request) && this.#anyEarlyLives()) return true;
    const list = stillPending(waits.get(request) ?? []);
    waits.set(request, list);
    for (let i = 0; i < list.length; i++) {
      const { maker } = list[i] as Wait;
      if (maker === null ? this.#anyEarlyLives() : this.#lives(maker)) return true;
    }
    return false;
  }

  #anyEarlyLives(): boolean {
    let any = false;
    early.forEach((request) => {
      if (request.finished) early.delete(request);
      else if (!any && this.#lives(request)) any = true;
    });
    return any;
  }

  #lives(request: RequestContext): boolean {
    if (request.finished || this.#seen.has(request)) return false;
    return !isIdle(request, this.#causes) || this.waits(request);
  }
}

/** Whether a hung request waits for a promise of one that has ended. */
export function waitsForEnded(request: RequestContext): boolean {
  const list = waits.get(request) ?? [];
  for (let i = 0; i < list.length; i++) {
    if ((list[i] as Wait).maker?.finished) return true;
  }
  return false;
}

/**
 * Stack frames, a line each: where the request's code awaits what has not settled, the innermost
 * first; or else where it has made what has not settled. Empty where that is not known.
 *
 * Of functions that call each other, the innermost awaits first; of several jobs it was the last.
 */
export function whereItWaits(request: RequestContext): string {
  const pending = stillPending(places.get(request) ?? []);
  let awaits = "";
  let jobs = "";
  let others = "";
  for (let i = 0; i < pending.length; i++) {
    const place = pending[i] as Place;
    if (place.job !== pending[i - 1]?.job) {
      awaits = jobs + awaits;
      jobs = "";
    }
    const frame = workerFrame(place.trace);
    if (frame === null || StringIncludes(awaits + jobs, frame)) continue;
    if (place.awaited) jobs += `\n${frame}`;
    else others = `\n${frame}${others}`; // the last one first
  }
  return jobs + awaits || others;
}

function workerFrame(trace: { readonly stack?: unknown }): string | null {
  const { stack } = trace; // may be of the Worker's making
  if (typeof stack !== "string") return null;
  const lines = splitString(stack, "\n");
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    if (StringIncludes(line, "worker:/")) return line;
  }
  return null;
}
