// The parts of `performance` that few Workers use.

export {
  PerformanceEntry,
  PerformanceMark,
  PerformanceMeasure,
  PerformanceResourceTiming,
} from "./performance/entries.js";
export { eventCounts, nodeTiming } from "./performance/nothing_measured.js";
export { PerformanceObserver, PerformanceObserverEntryList } from "./performance/observer.js";
export { clearEntries, getEntries, mark, measure } from "./performance/timeline.js";
