// Looks at every clock, at start-up, before and after a computation, and after I/O.

const clocks = () => ({
  now: Date.now(),
  date: new Date().getTime(),
  text: Date.parse(Date()) / 1000,
  derived: new (class extends Date {})().getTime(),
  reflected: Reflect.construct(Date, []).getTime(),
  prototype: new Date.prototype.constructor().getTime(),
  performance: Math.trunc(performance.now()),
  format: new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "full" }).format(),
  parts: new Intl.DateTimeFormat("en", { timeStyle: "full" }).formatToParts().map((p) => p.value).join(""),
});
const atStart = clocks();

export default {
  async fetch(request) {
    if (request.url.endsWith("/kinds")) {
      const date = new Date(2020, 1);
      const format = new Intl.DateTimeFormat("en");
      return Response.json({
        constructor: date.constructor === Date && Object.getPrototypeOf(date) === Date.prototype,
        instance: date instanceof Date && new Date(date).getTime() === date.getTime(),
        name: `${Date.name} ${Date.length} ${Object.keys(Date).length} ${typeof Date.UTC(2020, 1)}`,
        format: format.format === format.format && format.format(0) === "1/1/1970",
        temporal: typeof Temporal,
      });
    }
    const before = clocks();
    let sum = 0;
    for (let i = 0; i < 2e7; i++) sum += i;
    await Promise.resolve(sum);
    const after = clocks();
    await scheduler.wait(20);
    const waits = {};
    for (const name of ["wait", "waitAsync"]) {
      try {
        Atomics[name](new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      } catch (error) {
        waits[name] = `${error}`;
      }
    }
    return Response.json({ atStart, before, after, later: clocks(), waits });
  },
};
