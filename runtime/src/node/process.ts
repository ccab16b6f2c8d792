// https://nodejs.org/api/process.html

import EventEmitter from "node:events";
import { now as milliseconds } from "../clock.js";
import { requireBuiltIn } from "../modules.js";
import { queueMicrotask } from "../web/microtask.js";
import { hasFlag } from "../workers/compatibility.js";
import { getEnvironment, variableNames } from "../workers/environment.js";

type Callback = (...values: unknown[]) => void;

/** Names to texts, as of any process: what is assigned becomes one. */
function makeEnv(): Record<string, string> {
  const variables: Record<string, string> = {};
  if (hasFlag("nodejs_compat_populate_process_env")) {
    const bindings = getEnvironment() as Record<string, unknown>;
    for (const name of variableNames()) {
      const value = bindings[name];
      variables[name] = typeof value === "string" ? value : JSON.stringify(value);
    }
  }
  return new Proxy(variables, {
    set: (target, name, value) => Reflect.set(target, name, `${value}`),
    defineProperty: (target, name, descriptor) =>
      Reflect.defineProperty(target, name, { ...descriptor, value: `${descriptor.value}` }),
  });
}

export const env: Record<string, string> = makeEnv();

export function nextTick(callback: Callback, ...values: unknown[]): void {
  if (typeof callback !== "function") {
    throw new TypeError('The "callback" argument must be of type function.');
  }
  queueMicrotask(() => callback(...values));
}

/** Seconds and nanoseconds on a clock that stands still while code runs. */
function time(before?: [number, number]): [number, number] {
  const now = BigInt(Math.round(milliseconds() * 1e6));
  const since = before === undefined ? 0n : BigInt(before[0]) * 1_000_000_000n + BigInt(before[1]);
  const elapsed = now - since;
  return [Number(elapsed / 1_000_000_000n), Number(elapsed % 1_000_000_000n)];
}

export const hrtime: typeof time & { bigint(): bigint } = Object.assign(time, {
  bigint: () => BigInt(Math.round(milliseconds() * 1e6)),
});

export function emitWarning(warning: unknown, ...rest: unknown[]): void {
  const error = warning instanceof Error ? warning : new Error(`${warning}`);
  if (!(warning instanceof Error)) {
    error.name = typeof rest[0] === "string" ? rest[0] : "Warning";
  }
  nextTick(() => {
    if (!process.emit("warning", error)) console.warn(`${error.name}: ${error.message}`);
  });
}

export function getBuiltinModule(name: string): unknown {
  return requireBuiltIn(name);
}

export function exit(code?: number): never {
  throw new Error(`process.exit(${code ?? ""}) was called: there is no process to end here`);
}

let folder = "/bundle";

export const cwd = (): string => folder;

export function chdir(path: string): void {
  folder = path.startsWith("/") ? path : `${folder}/${path}`;
}

export const uptime = (): number => milliseconds() / 1000;
export const umask = (): number => 0o022;
export const memoryUsage = (): Record<string, number> => ({
  arrayBuffers: 0,
  external: 0,
  heapTotal: 0,
  heapUsed: 0,
  rss: 0,
});
export const cpuUsage = (): { user: number; system: number } => ({ user: 0, system: 0 });

export const arch = "x64";
export const argv: string[] = ["workerd"];
export const argv0 = "workerd";
export const execArgv: string[] = [];
export const execPath = "";
export const pid = 1;
export const ppid = 0;
export const platform = "linux";
export const title = "workerd";
export const version = "v22.19.0";
export const versions: Record<string, string> = Object.freeze({ node: "22.19.0" });
export const release: Record<string, string> = { name: "node", lts: "Jod" };
export const config = { target_defaults: {}, variables: {} };
export const features = { inspector: false, debug: false, ipv6: true, tls: true };

interface Output {
  write(text: unknown): boolean;
}

declare function require(name: "node:stream"): {
  Writable: new (options: object) => Output;
};

/** A stream whose lines are the console's; made when it is touched, as it needs node:stream. */
function makeOutput(level: "log" | "error", fd: number): Output {
  let line = "";
  const { Writable } = require("node:stream");
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding: unknown, done: () => void): void {
      const lines = (line + String(chunk)).split("\n");
      line = lines.pop() as string;
      for (const each of lines) console[level](each);
      done();
    },
  });
  return Object.assign(stream, { fd, isTTY: false });
}

const outputs: Partial<Record<"log" | "error", Output>> = {};

const members = {
  arch,
  argv,
  argv0,
  chdir,
  config,
  cpuUsage,
  cwd,
  emitWarning,
  env,
  execArgv,
  execPath,
  exit,
  features,
  getBuiltinModule,
  hrtime,
  memoryUsage,
  nextTick,
  pid,
  platform,
  ppid,
  release,
  title,
  umask,
  uptime,
  version,
  versions,
  get stdout(): Output {
    outputs.log ??= makeOutput("log", 1);
    return outputs.log;
  },
  get stderr(): Output {
    outputs.error ??= makeOutput("error", 2);
    return outputs.error;
  },
};

const process: typeof members & EventEmitter = Object.create(
  Object.create(EventEmitter.prototype, {
    [Symbol.toStringTag]: { value: "process", configurable: true },
  }),
  Object.getOwnPropertyDescriptors(members),
);
EventEmitter.call(process);

export default process;
export const { addListener, emit, listenerCount, off, on, once, removeListener } = process;
