// https://nodejs.org/api/timers.html#timers-promises-api

import { scheduler as platformScheduler } from "../workers/scheduler.js";

interface Options {
  signal?: AbortSignalLike;
}

interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
}

/** Resolves with `value` after `delay` milliseconds. */
export async function setTimeout<T>(delay?: number, value?: T, options?: Options): Promise<T> {
  await platformScheduler.wait(delay ?? 1, options);
  return value as T;
}

export async function setImmediate<T>(value?: T, options?: Options): Promise<T> {
  await platformScheduler.wait(0, options);
  return value as T;
}

/** Yields `value` every `delay` milliseconds. */
export async function* setInterval<T>(
  delay?: number,
  value?: T,
  options?: Options,
): AsyncGenerator<T> {
  while (true) yield await setTimeout(delay, value as T, options);
}

export const scheduler = {
  wait: (delay: number, options?: Options): Promise<void> => platformScheduler.wait(delay, options),
  yield: (): Promise<void> => setImmediate(),
};

export default { scheduler, setImmediate, setInterval, setTimeout };
