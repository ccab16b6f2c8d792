// For an isolate that DevTools may look at: what is written to the console goes to the engine's own
// as well, by which an inspector hears of it, objects and all.

import { callConsole, v8Console } from "../engine.js";
import { console } from "../web/console.js";

const { keys } = Object;
const { bind } = Function.prototype;
const { apply } = Reflect;

type Method = (...data: unknown[]) => void;

const ours = console as unknown as Record<string, Method>;

for (const name of keys(ours)) {
  const engines = v8Console[name];
  if (engines === undefined) continue;
  // A function of the engine's, which leaves no frame of ours between the caller and the console.
  ours[name] = apply(bind, callConsole, [console, engines, ours[name]]) as Method;
}
