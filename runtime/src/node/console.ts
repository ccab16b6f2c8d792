// https://nodejs.org/api/console.html

import nodeConsole, { Console } from "unenv/node/console";

export * from "unenv/node/console";

const { console } = globalThis as unknown as { console: Record<string, unknown> };

export const {
  assert,
  clear,
  count,
  countReset,
  debug,
  dir,
  dirxml,
  error,
  group,
  groupCollapsed,
  groupEnd,
  info,
  log,
  table,
  time,
  timeEnd,
  timeLog,
  trace,
  warn,
} = console;

export default Object.setPrototypeOf({ ...(nodeConsole as object), ...console, Console }, console);
