// The parts of `performance` that few Workers use.

export {
  PerformanceEntry,
  PerformanceMark,
  PerformanceMeasure,
  PerformanceResourceTiming,
} from "./performance_entries/entries.js";
export { eventCounts, nodeTiming } from "./performance_entries/nothing_measured.js";
export {
  PerformanceObserver,
  PerformanceObserverEntryList,
} from "./performance_entries/observer.js";
export { clearEntries, getEntries, mark, measure } from "./performance_entries/timeline.js";
