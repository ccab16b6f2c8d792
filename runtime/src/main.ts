// What the snapshot holds: builds the global scope that Workers see and the entries that the host
// calls. The host takes `__turn` and `__resume`, the entry module takes `__install`, and all are
// deleted before the Worker's first line runs.

import { setHostFunctions } from "./io.js";
import { installGlobals } from "./globals.js";
import { resume, turn } from "./turn.js";
import { installWorker } from "./workers/handlers.js";

interface HostGlobals {
  __start?: () => void;
  __turn?: typeof turn;
  __resume?: typeof resume;
  __install?: typeof installWorker;
  __entropy?: (size: number) => Uint8Array;
  __lazyScript?: (name: string) => string;
  __cpuClock?: () => number;
}

const scope = globalThis as typeof globalThis & HostGlobals & Record<string, unknown>;

/** Names that the engine and its Python binding leave on the global object. */
const FOREIGN = [
  "__entropy",
  "__lazyScript",
  "__cpuClock",
  "__host_op_sync__",
  "__host_op_async__",
  "__pydenoCallSync",
  "__pydenoCallAsync",
  "__pydeno_bind_object",
  "__pydeno_bind_function",
  "__pydeno_from_py_stream",
  "__pydeno_wasm_load",
];

installGlobals();
const ours = Object.getOwnPropertyDescriptors(globalThis);

scope.__turn = turn;
scope.__resume = resume;
scope.__install = installWorker;
scope.__start = () => {
  const { __entropy, __lazyScript, __cpuClock } = scope;
  if (__entropy === undefined || __lazyScript === undefined || __cpuClock === undefined) {
    throw new Error("The host did not bind its functions.");
  }
  __cpuClock();
  setHostFunctions({ entropy: __entropy, lazyScript: __lazyScript });
  for (const name of FOREIGN) delete scope[name];
  // The binding defines some globals of its own when a runtime starts.
  Object.defineProperty(globalThis, "ReadableStream", ours.ReadableStream as PropertyDescriptor);
  Object.defineProperty(globalThis, "console", ours.console as PropertyDescriptor);
  delete scope.__start;
};
