// Console §1: the console namespace. Its lines leave the isolate as log commands.

import { now } from "../clock.js";
import { currentRequest, type RequestContext, send } from "../io.js";
import { loadLazy } from "../lazy.js";
import { inspect, MAX_TEXT } from "./inspect.js";
import { formatPrimitive } from "./inspect_names.js";

const { Error, Map, Number, parseFloat, parseInt, Reflect, String, WeakMap } = globalThis;
const { apply } = Reflect;
const objectToString = Object.prototype.toString;
const errorToString = Error.prototype.toString;

type Level = "debug" | "info" | "log" | "warn" | "error";

const counts = new Map<string, number>();
const timers = new Map<string, number>();

/** Open groups belong to a request: the lines of another that runs meanwhile stay where they are. */
const groups = new WeakMap<object, number>();
const startup = {};
const INDENT = "  ";

function groupOwner(): RequestContext | object {
  return currentRequest() ?? startup;
}

function print(level: Level, text: string): void {
  const indent = INDENT.repeat(groups.get(groupOwner()) ?? 0);
  let line = indent === "" ? text : `${indent}${text.replaceAll("\n", `\n${indent}`)}`;
  if (line.length > MAX_TEXT) line = `${line.slice(0, MAX_TEXT)}...`;
  send(["log", currentRequest()?.id ?? null, level, line.toWellFormed()]);
}

function printer(level: Level): (...data: unknown[]) => void {
  return (...data) => print(level, format(data));
}

function labelOf(label: unknown): string {
  return label === undefined ? "default" : `${label}`;
}

const methods = {
  debug: printer("debug"),
  error: printer("error"),
  info: printer("info"),
  log: printer("log"),
  warn: printer("warn"),
  dirxml: printer("log"),

  assert(condition?: unknown, ...data: unknown[]): void {
    if (condition) return;
    if (data.length === 0) print("error", "Assertion failed");
    else if (typeof data[0] === "string") {
      print("error", format([`Assertion failed: ${data[0]}`, ...data.slice(1)]));
    } else print("error", format(["Assertion failed:", ...data]));
  },

  clear(): void {
    groups.delete(groupOwner());
  },

  dir(item?: unknown, options?: { depth?: number | null }): void {
    const depth = options?.depth === null ? Number.POSITIVE_INFINITY : options?.depth;
    print("log", inspect(item, depth === undefined ? {} : { depth: Number(depth) }));
  },

  table(data?: unknown, properties?: Iterable<unknown>): void {
    const columns = properties === undefined ? null : [...properties].map(String);
    const { formatTable } = loadLazy("console_table") as typeof import("../lazy/console_table.js");
    print("log", formatTable(data, columns) ?? format([data]));
  },

  trace(...data: unknown[]): void {
    const text = data.length === 0 ? "Trace" : `Trace: ${format(data)}`;
    const frames = `${new Error().stack ?? ""}`.split("\n").slice(2);
    print("log", [text, ...frames].join("\n"));
  },

  count(label?: unknown): void {
    const key = labelOf(label);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    print("info", `${key}: ${count}`);
  },

  countReset(label?: unknown): void {
    const key = labelOf(label);
    if (!counts.delete(key)) print("warn", `Count for '${key}' does not exist`);
  },

  group(...data: unknown[]): void {
    if (data.length > 0) print("log", format(data));
    const owner = groupOwner();
    groups.set(owner, (groups.get(owner) ?? 0) + 1);
  },

  groupCollapsed(...data: unknown[]): void {
    methods.group(...data);
  },

  groupEnd(): void {
    const owner = groupOwner();
    groups.set(owner, Math.max(0, (groups.get(owner) ?? 0) - 1));
  },

  time(label?: unknown): void {
    const key = labelOf(label);
    if (timers.has(key)) print("warn", `Timer '${key}' already exists`);
    else timers.set(key, now());
  },

  /** Marks a moment for a profiler, of which there is none here. */
  timeStamp(_label?: unknown): void {},

  timeLog(label?: unknown, ...data: unknown[]): void {
    const key = labelOf(label);
    const start = timers.get(key);
    if (start === undefined) print("warn", `Timer '${key}' does not exist`);
    else print("log", format([`${key}: ${showDuration(now() - start)}`, ...data]));
  },

  timeEnd(label?: unknown): void {
    const key = labelOf(label);
    const start = timers.get(key);
    if (start === undefined) print("warn", `Timer '${key}' does not exist`);
    else print("info", `${key}: ${showDuration(now() - start)}`);
    timers.delete(key);
  },
};

/** A namespace object (Web IDL §3.13): its methods need no `this`. */
export const console: typeof methods = Object.create(Object.create(Object.prototype));
Object.assign(console, methods);
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });

function showDuration(milliseconds: number): string {
  return milliseconds < 1000
    ? `${Number(milliseconds.toFixed(3))}ms`
    : `${(milliseconds / 1000).toFixed(3)}s`;
}

/** Console §2.2, "Formatter", with the specifiers of node. */
export function format(data: unknown[]): string {
  const [first] = data;
  if (typeof first !== "string") return data.map(show).join(" ");
  if (data.length === 1) return first;
  let next = 1;
  const text = first.replace(/%[sdifoOjc%]/g, (specifier) => {
    if (specifier === "%%") return "%";
    if (next >= data.length) return specifier;
    return substitute(specifier, data[next++]);
  });
  return [text, ...data.slice(next).map(show)].join(" ");
}

function show(value: unknown): string {
  return typeof value === "string" ? value : inspect(value);
}

function substitute(specifier: string, value: unknown): string {
  switch (specifier) {
    case "%s":
      return typeof value === "string" ? value : showShort(value);
    case "%d":
      return typeof value === "bigint" ? `${value}n` : formatPrimitive(toNumber(value, Number));
    case "%i":
      if (typeof value === "bigint") return `${value}n`;
      return formatPrimitive(toNumber(value, parseInt));
    case "%f":
      return formatPrimitive(toNumber(value, parseFloat));
    case "%o":
      return inspect(value, { depth: 4 });
    case "%O":
      return inspect(value);
    case "%j":
      return toJson(value);
    default:
      // %c: there is no style to apply.
      return "";
  }
}

function toNumber(value: unknown, convert: (text: string) => number): number {
  return typeof value === "symbol" || (typeof value === "object" && value !== null)
    ? Number.NaN
    : convert(value as string);
}

/** %s of anything else: its own toString() where it is an error or the class has one. */
function showShort(value: unknown): string {
  if (typeof value !== "object" || value === null) {
    return typeof value === "function" ? inspect(value) : formatPrimitive(value);
  }
  if (value instanceof Error) {
    try {
      const { toString } = value as { toString: unknown };
      if (toString === errorToString || toString === objectToString) return inspect(value);
      return `${apply(toString as () => unknown, value, [])}`;
    } catch {
      return inspect(value, { depth: 0 });
    }
  }
  return inspect(value, { depth: 0 });
}

function toJson(value: unknown): string {
  try {
    return `${JSON.stringify(value)}`;
  } catch {
    return "[Circular]";
  }
}
