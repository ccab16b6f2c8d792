// Performance Timeline §4 and User Timing §4: the entries.

import { now } from "../../clock.js";
import { loadLazy } from "../../lazy.js";
import { showAttributes } from "../../web/inspect.js";
import { defineInterface, requireArguments, toDictionary } from "../../web/webidl.js";

const { Number, TypeError } = globalThis;
const { defineProperty } = Object;

const OURS = {};

/** Performance Timeline §4.1. */
export class PerformanceEntry {
  readonly #name: string;
  readonly #entryType: string;
  readonly #startTime: number;
  readonly #duration: number;

  constructor(token: object, name: string, entryType: string, startTime: number, duration: number) {
    if (token !== OURS) throw new TypeError("Illegal constructor");
    this.#name = name;
    this.#entryType = entryType;
    this.#startTime = startTime;
    this.#duration = duration;
  }

  get name(): string {
    return this.#name;
  }

  get entryType(): string {
    return this.#entryType;
  }

  get startTime(): number {
    return this.#startTime;
  }

  get duration(): number {
    return this.#duration;
  }

  toJSON(): object {
    return {
      name: this.#name,
      entryType: this.#entryType,
      startTime: this.#startTime,
      duration: this.#duration,
    };
  }
}

defineInterface("PerformanceEntry", PerformanceEntry);
showAttributes(PerformanceEntry, ["name", "entryType", "startTime", "duration"]);

interface MarkOptions {
  detail?: unknown;
  startTime?: number;
}

/** User Timing §4.1. */
export class PerformanceMark extends PerformanceEntry {
  readonly #detail: unknown;

  constructor(name: unknown, options?: MarkOptions) {
    requireArguments("PerformanceMark", arguments.length, 1);
    const { detail, startTime } = toDictionary<MarkOptions>(options, "PerformanceMarkOptions");
    super(OURS, `${name}`, "mark", startTime === undefined ? now() : Number(startTime), 0);
    this.#detail = copyOf(detail);
  }

  get detail(): unknown {
    return this.#detail;
  }

  override toJSON(): object {
    return { ...super.toJSON(), detail: this.#detail };
  }
}

defineInterface("PerformanceMark", PerformanceMark);

/** User Timing §4.2. */
export class PerformanceMeasure extends PerformanceEntry {
  readonly #detail: unknown;

  constructor(token: object, name: string, start: number, duration: number, detail: unknown) {
    super(token, name, "measure", start, duration);
    this.#detail = copyOf(detail);
  }

  get detail(): unknown {
    return this.#detail;
  }

  override toJSON(): object {
    return { ...super.toJSON(), detail: this.#detail };
  }
}

defineInterface("PerformanceMeasure", PerformanceMeasure);

export function newMeasure(
  name: string,
  start: number,
  duration: number,
  detail: unknown,
): PerformanceMeasure {
  return new PerformanceMeasure(OURS, name, start, duration, detail);
}

function copyOf(detail: unknown): unknown {
  if (detail === undefined || detail === null) return null;
  const script = loadLazy("structured_clone") as typeof import("../structured_clone.js");
  return script.structuredClone(detail);
}

/** Resource Timing §4.3. As on the platform, there is never one of them. */
export class PerformanceResourceTiming extends PerformanceEntry {}

defineInterface("PerformanceResourceTiming", PerformanceResourceTiming);

const RESOURCE_ATTRIBUTES = [
  ...["connectEnd", "connectStart", "decodedBodySize", "domainLookupEnd", "domainLookupStart"],
  ...["encodedBodySize", "fetchStart", "initiatorType", "nextHopProtocol", "redirectEnd"],
  ...["redirectStart", "requestStart", "responseEnd", "responseStart", "responseStatus"],
  ...["secureConnectionStart", "transferSize", "workerStart"],
];

for (let i = 0; i < RESOURCE_ATTRIBUTES.length; i++) {
  defineProperty(
    PerformanceResourceTiming.prototype,
    RESOURCE_ATTRIBUTES[i] as string,
    {
      __proto__: null,
      get() {
        throw new TypeError("Illegal invocation");
      },
      enumerable: true,
      configurable: true,
    } as PropertyDescriptor,
  );
}
