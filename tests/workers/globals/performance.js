import { equal, looksLikeAnInterface, serve, thrown } from "./testing.js";

const { performance: p } = globalThis;

function types(entries) {
  return entries.map(({ name, entryType }) => `${entryType} ${name}`);
}

export default serve({
  kindsAndAttributes() {
    const members = ["timeOrigin", "now", "mark", "measure", "getEntriesByName", "toJSON"];
    looksLikeAnInterface("Performance", members);
    looksLikeAnInterface("PerformanceEntry", ["name", "entryType", "startTime", "duration"]);
    looksLikeAnInterface("PerformanceMark", ["detail"]);
    looksLikeAnInterface("PerformanceMeasure", ["detail"]);
    looksLikeAnInterface("PerformanceResourceTiming", ["transferSize"]);
    looksLikeAnInterface("PerformanceObserver", ["observe"], ["supportedEntryTypes"]);
    equal([p instanceof Performance, p instanceof EventTarget], [true, true]);
    const closed = [Performance, PerformanceEntry, PerformanceMeasure, PerformanceResourceTiming];
    for (const each of [...closed, PerformanceObserverEntryList]) {
      equal(thrown(() => new each("x")).message, "Illegal constructor");
    }
  },
  marks() {
    const mark = p.mark("a", { detail: { x: 1 }, startTime: 5 });
    equal(mark, { name: "a", entryType: "mark", startTime: 5, duration: 0, detail: { x: 1 } });
    equal([mark.constructor === PerformanceMark, mark.detail], [true, { x: 1 }]);
    equal(p.mark("now").startTime, p.now());
    equal(new PerformanceMark("apart").name, "apart");
    equal(types(p.getEntries()), ["mark a", "mark now"]);
    equal(thrown(() => p.mark()).name, "TypeError");
    equal(thrown(() => p.mark("a", { detail: () => {} })).name, "DataCloneError");
  },
  measures() {
    const { startTime, duration, detail } = p.measure("m", { start: 1, end: 5, detail: "d" });
    equal([startTime, duration, detail], [1, 4, "d"]);
    p.mark("from", { startTime: 10 });
    p.mark("to", { startTime: 30 });
    p.mark("to", { startTime: 40 });
    const lengths = [
      p.measure("m", "from", "to"),
      p.measure("m", { start: "from", duration: 7 }),
      p.measure("m", { duration: 7, end: "to" }),
      p.measure("m", "unknown", "to"),
    ].map((measure) => [measure.startTime, measure.duration]);
    equal(lengths, [[10, 30], [10, 7], [33, 7], [0, 40]]);
    equal(p.measure("until now").duration, p.now());
  },
  whatIsKept() {
    p.mark("a");
    p.mark("b");
    p.measure("a");
    equal(types(p.getEntriesByName("a")), ["mark a", "measure a"]);
    equal(types(p.getEntriesByName("a", "mark")), ["mark a"]);
    equal(types(p.getEntriesByType("measure")), ["measure a"]);
    p.clearMarks("a");
    equal(types(p.getEntries()), ["mark b", "measure a"]);
    p.clearMeasures();
    p.clearMarks();
    equal(p.getEntries(), []);
    for (let i = 0; i < 10_001; i++) p.mark(`${i}`);
    const left = p.getEntries();
    equal([left.length, left[0].name, left.at(-1).name], [5001, "5000", "10000"]);
  },
  async observersHearOfThem() {
    const seen = [];
    const observer = new PerformanceObserver((list, self) => {
      seen.push(types(list.getEntries()), self === observer);
      seen.push(types(list.getEntriesByName("a", "mark")), list.getEntriesByType("measure").length);
    });
    p.mark("before");
    observer.observe({ type: "mark", buffered: true });
    p.mark("a");
    p.measure("a");
    equal(seen, []);
    await null;
    equal(seen, [["mark before", "mark a"], true, ["mark a"], 0]);
    p.mark("taken");
    equal(types(observer.takeRecords()), ["mark taken"]);
    observer.disconnect();
    p.mark("after");
    await null;
    equal(seen.length, 4);
    equal(PerformanceObserver.supportedEntryTypes, ["mark", "measure"]);
    equal(thrown(() => new PerformanceObserver()).name, "TypeError");
  },
  whereNothingIsMeasured() {
    equal([p.eventCounts.size, [...p.eventCounts], p.eventCounts.has("click")], [0, [], false]);
    equal(p.eventLoopUtilization(), { idle: 0, active: 0, utilization: 0 });
    equal([p.nodeTiming.name, p.nodeTiming.loopStart], ["node", 0]);
    equal(p.timerify((a, b) => a + b)(1, 2), 3);
    equal([p.clearResourceTimings(), p.setResourceTimingBufferSize(1)], [undefined, undefined]);
    equal([p.timeOrigin, p.toJSON()], [0, { timeOrigin: 0 }]);
  },
});
