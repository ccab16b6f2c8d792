// Performance Timeline §4.2: PerformanceObserver. The platform has it and never calls it; here it
// hears of marks and measures, in a microtask.

import { reportException } from "../../errors.js";
import {
  ArrayIncludes,
  listCopy,
  listFilter,
  PromiseResolve,
  PromiseThen,
  SafeSet,
  safeList,
  toArray,
} from "../../primordials.js";
import { defineInterface, requireArguments, toDictionary } from "../../web/webidl.js";
import type { PerformanceEntry } from "./entries.js";

const { TypeError } = globalThis;
const { apply } = Reflect;
const { freeze } = Object;

type Record = { readonly entry: PerformanceEntry; readonly type: string };

interface ObserveOptions {
  entryTypes?: string[];
  type?: string;
  buffered?: boolean;
}

const observers: SafeSet<PerformanceObserver> = new SafeSet();
let notify: (observer: PerformanceObserver, record: Record) => void;
let makeList: (entries: PerformanceEntry[]) => PerformanceObserverEntryList;
/** The timeline's, which is built upon this file. */
let entriesOfType: (name: undefined, type: string) => PerformanceEntry[] = () => [];

export function tellObservers(
  entry: PerformanceEntry,
  type: string,
  getEntries: typeof entriesOfType,
): void {
  entriesOfType = getEntries;
  observers.forEach((observer) => {
    notify(observer, { entry, type });
  });
}

export class PerformanceObserver {
  static readonly supportedEntryTypes: readonly string[] = freeze(["mark", "measure"]);

  readonly #callback: (...values: unknown[]) => unknown;
  #types = safeList<string>();
  #queue = safeList<Record>();

  static {
    notify = (observer, record) => observer.#notify(record);
  }

  constructor(callback: unknown) {
    requireArguments("PerformanceObserver", arguments.length, 1);
    if (typeof callback !== "function") {
      throw new TypeError("PerformanceObserver: the argument is not a function");
    }
    this.#callback = callback as (...values: unknown[]) => unknown;
  }

  /** Types that are not known are ignored. */
  observe(options?: ObserveOptions): void {
    const { entryTypes, type, buffered } = toDictionary<ObserveOptions>(options, "options");
    if (entryTypes !== undefined) this.#types = listCopy([...entryTypes]);
    else if (type !== undefined) this.#types[this.#types.length] = `${type}`;
    observers.add(this);
    if (!buffered || type === undefined) return;
    const entries = entriesOfType(undefined, `${type}`);
    for (let i = 0; i < entries.length; i++) {
      this.#notify({ entry: entries[i] as PerformanceEntry, type: `${type}` });
    }
  }

  disconnect(): void {
    observers.delete(this);
    this.#types = safeList();
    this.#queue = safeList();
  }

  takeRecords(): PerformanceEntry[] {
    const entries = safeList<PerformanceEntry>();
    for (let i = 0; i < this.#queue.length; i++) entries[i] = this.#queue[i]!.entry;
    this.#queue = safeList();
    return toArray(entries);
  }

  #notify(record: Record): void {
    if (!ArrayIncludes(this.#types, record.type)) return;
    this.#queue[this.#queue.length] = record;
    if (this.#queue.length > 1) return;
    PromiseThen(PromiseResolve(undefined), () => {
      const entries = this.takeRecords();
      if (entries.length === 0) return;
      try {
        apply(this.#callback, this, [makeList(entries), this]);
      } catch (error) {
        reportException(error);
      }
    });
  }
}

defineInterface("PerformanceObserver", PerformanceObserver);

let making = false;

export class PerformanceObserverEntryList {
  readonly #entries: PerformanceEntry[];

  static {
    makeList = (entries) => {
      making = true;
      const list = new PerformanceObserverEntryList(entries);
      making = false;
      return list;
    };
  }

  constructor(entries: PerformanceEntry[]) {
    if (!making) throw new TypeError("Illegal constructor");
    this.#entries = entries;
  }

  getEntries(): PerformanceEntry[] {
    return toArray(listCopy(this.#entries));
  }

  getEntriesByType(type: string): PerformanceEntry[] {
    return toArray(listFilter(this.#entries, (entry) => entry.entryType === `${type}`));
  }

  getEntriesByName(name: string, type?: string): PerformanceEntry[] {
    return toArray(
      listFilter(
        this.#entries,
        (entry) => entry.name === `${name}` && (type === undefined || entry.entryType === type),
      ),
    );
  }
}

defineInterface("PerformanceObserverEntryList", PerformanceObserverEntryList);
