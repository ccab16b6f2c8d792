// What the snapshot holds: builds the global scope that Workers see and the entries that the host
// calls. The host takes `__turn`, `__proceed` and `__resume`, a module that is evaluated before the
// Worker's first line takes `__install` and `__configure`, and none of them stays.

import sharedModules from "edgewright:shared";
import { installClock, removeTemporal } from "./clock.js";
import { installFunctionSource } from "./function_source.js";
import { collectGarbage } from "./garbage.js";
import { installGlobals } from "./globals.js";
import { cpuNow, takeHostFunctions } from "./host.js";
import { setSharedModules } from "./lazy.js";
import { takeLatePrimordials } from "./primordials.js";
import { installRejectionEvents } from "./rejections.js";
import { proceed, resume, turn } from "./turn.js";
import { console } from "./web/console.js";
import { installWebAssembly, webAssemblyBytes } from "./web/webassembly.js";
import { configure } from "./workers/configure.js";
import { installWorker } from "./workers/handlers.js";

interface HostGlobals {
  __start?: () => void;
  __turn?: typeof turn;
  __proceed?: typeof proceed;
  __resume?: typeof resume;
  __collect?: typeof collectGarbage;
  __webAssemblyBytes?: typeof webAssemblyBytes;
  __install?: typeof installWorker;
  __configure?: typeof configure;
}

const scope = globalThis as typeof globalThis & HostGlobals & Record<string, unknown>;

const { defineProperties, defineProperty, getOwnPropertyDescriptor, getOwnPropertyDescriptors } =
  Object;

// When a runtime starts, the binding fixes functions of its own on the global object for good
// (`__host_op_sync__` and the like). They do nothing without the token of a bound function; but no
// Worker needs to see them, so the binding is kept from fixing them, and they are taken off.
const bindingFunctions: PropertyKey[] = [];
Object.defineProperty = (target, key, descriptor) => {
  if ((target as unknown) === globalThis && descriptor.configurable === false) {
    bindingFunctions[bindingFunctions.length] = key;
    return target;
  }
  return defineProperty(target, key, descriptor);
};

installGlobals();
installClock();
installFunctionSource();
setSharedModules(sharedModules);
const readableStream = getOwnPropertyDescriptor(globalThis, "ReadableStream") as PropertyDescriptor;
const consoleMembers = getOwnPropertyDescriptors(console);

scope.__turn = turn;
scope.__proceed = proceed;
scope.__resume = resume;
scope.__collect = collectGarbage;
scope.__webAssemblyBytes = webAssemblyBytes;
scope.__install = installWorker;
scope.__configure = configure;
scope.__start = () => {
  takeHostFunctions();
  takeLatePrimordials();
  cpuNow();
  removeTemporal();
  installWebAssembly();
  installRejectionEvents();
  Object.defineProperty = defineProperty;
  for (const key of bindingFunctions) delete (scope as Record<PropertyKey, unknown>)[key];
  // When a runtime starts, the binding puts a ReadableStream of its own in place of ours, and
  // silences the methods of whatever console it finds.
  defineProperty(globalThis, "ReadableStream", readableStream);
  defineProperties(console, consoleMembers);
  delete scope.__start;
};
