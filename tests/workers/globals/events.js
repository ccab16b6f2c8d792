import { equal, looksLikeAnInterface, next, serve, thrown } from "./testing.js";

const atStart = [];
addEventListener("unhandledrejection", ({ reason }) => atStart.push(String(reason)));
Promise.reject(new Error("of the global scope"));

export default serve({
  theGlobalObjectIsAnEventTarget() {
    equal(globalThis instanceof ServiceWorkerGlobalScope, true);
    equal(globalThis instanceof WorkerGlobalScope, true);
    equal(globalThis instanceof EventTarget, true);
    equal(String(globalThis), "[object ServiceWorkerGlobalScope]");
    equal(thrown(() => new WorkerGlobalScope()).message, "Illegal constructor");
    equal(thrown(() => new ServiceWorkerGlobalScope()).message, "Illegal constructor");
    equal(Object.hasOwn(globalThis, "addEventListener"), false);
  },
  itsListenersSeeIt() {
    const seen = [];
    const { addEventListener: add, removeEventListener: remove } = globalThis;
    const listener = function (event) {
      seen.push(this === globalThis, event.target === self, event.currentTarget === self);
      seen.push(event.composedPath()[0] === self, event.srcElement === self, event.isTrusted);
    };
    add("mine", listener);
    equal(dispatchEvent(new Event("mine")), true);
    remove("mine", listener);
    self.dispatchEvent(new Event("mine"));
    equal(seen, [true, true, true, true, true, false]);
    equal(thrown(() => add.call({}, "x", listener)).name, "TypeError");
  },
  async eventsOfTheRuntimeAreTrusted() {
    const controller = new AbortController();
    const heard = next(controller.signal, "abort");
    controller.abort();
    const event = await heard;
    equal(event.isTrusted, true);
    new EventTarget().dispatchEvent(event);
    equal(event.isTrusted, false);
  },
  kindsAndAttributes() {
    looksLikeAnInterface("MessageEvent", ["data", "origin", "lastEventId", "source", "ports"]);
    looksLikeAnInterface("ErrorEvent", ["message", "filename", "lineno", "colno", "error"]);
    looksLikeAnInterface("CloseEvent", ["code", "reason", "wasClean"]);
    looksLikeAnInterface("PromiseRejectionEvent", ["promise", "reason"]);
    looksLikeAnInterface("ExtendableEvent", ["waitUntil"]);
    looksLikeAnInterface("FetchEvent", ["request", "respondWith", "passThroughOnException"]);
    looksLikeAnInterface("ScheduledEvent", ["cron", "scheduledTime", "noRetry"]);
    looksLikeAnInterface("TailEvent", ["events", "traces"]);
    equal(TraceEvent === TailEvent, true);
    equal([typeof Scheduler, typeof ExecutionContext], ["undefined", "undefined"]);
  },
  onlyTheRuntimeMakesSome() {
    const classes = [ExtendableEvent, FetchEvent, ScheduledEvent, TailEvent, PromiseRejectionEvent];
    for (const each of classes) equal(thrown(() => new each("x")).message, "Illegal constructor");
  },
  messageEvent() {
    const { data, origin, lastEventId, source, ports } = new MessageEvent("message");
    equal([data, origin, lastEventId, source, ports], [null, "", "", null, []]);
    const init = { data: [1], origin: "o", lastEventId: 5, ports: new Set(), cancelable: true };
    const event = new MessageEvent("message", init);
    equal([event.data, event.origin, event.lastEventId], [[1], "o", "5"]);
    equal([event.cancelable, Object.isFrozen(event.ports)], [true, true]);
    equal(thrown(() => new MessageEvent()).name, "TypeError");
  },
  closeEvent() {
    const { code, reason, wasClean } = new CloseEvent("close");
    equal([code, reason, wasClean], [0, "", false]);
    const event = new CloseEvent("close", { code: 65537, reason: "\ud800", wasClean: 1 });
    equal([event.code, event.reason, event.wasClean], [1, "\ufffd", true]);
  },
  errorEvent() {
    const { message, filename, lineno, colno, error } = new ErrorEvent("error");
    equal([message, filename, lineno, colno, error], ["", "", 0, 0, null]);
    const event = new ErrorEvent("error", { message: "m", filename: "f", lineno: -1, error: 0 });
    equal([event.message, event.filename, event.lineno, event.error], ["m", "f", 4294967295, 0]);
  },
  async unhandledRejections() {
    equal(atStart.includes("Error: of the global scope"), true);
    const heard = next(self, "unhandledrejection");
    const promise = Promise.reject("why");
    const event = await heard;
    equal([event.promise === promise, event.reason, event.type], [true, "why", "unhandledrejection"]);
    equal([event.isTrusted, event.cancelable, event.target === self], [true, true, true]);
    const later = next(self, "rejectionhandled");
    promise.catch(() => {});
    const handled = await Promise.race([later, scheduler.wait(5000)]);
    equal([handled.promise === promise, handled.reason], [true, "why"]);
    equal([handled.type, handled.cancelable], ["rejectionhandled", false]);
  },
  async aRejectionThatIsHandledInTimeIsNotTold() {
    let told = 0;
    const listener = () => told++;
    addEventListener("unhandledrejection", listener);
    const promise = Promise.reject(new Error("handled"));
    await null;
    await promise.catch(() => {});
    await scheduler.wait(5);
    removeEventListener("unhandledrejection", listener);
    equal(told, 0);
  },
  async rejectionListenersMayDoInputAndOutput() {
    const done = new Promise((resolve) => {
      const listener = async () => {
        await scheduler.wait(1);
        resolve("waited");
      };
      addEventListener("unhandledrejection", listener, { once: true });
    });
    Promise.reject(new Error("asks for a timer"));
    equal(await done, "waited");
  },
  reportErrorTellsWhereAndWhat() {
    const seen = [];
    addEventListener("error", (event) => seen.push(event), { once: true });
    const error = new TypeError("reported");
    reportError(error);
    const { message, error: same, lineno, filename } = seen[0];
    equal([message, same === error, lineno > 100], ["Uncaught TypeError: reported", true, true]);
    equal([filename.endsWith("events.js"), seen[0].isTrusted], [true, true]);
    addEventListener("error", (event) => seen.push(event), { once: true });
    reportError("a text");
    equal([seen[1].message, seen[1].error, seen[1].lineno], ["Uncaught a text", "a text", 0]);
    equal(thrown(() => reportError()).name, "TypeError");
  },
  async whatListenersTimersAndMicrotasksThrow() {
    const seen = [];
    const listener = ({ error }) => seen.push(error);
    addEventListener("error", listener);
    const target = new EventTarget();
    target.addEventListener("x", () => {
      throw "listener";
    });
    target.dispatchEvent(new Event("x"));
    queueMicrotask(() => {
      throw "microtask";
    });
    setTimeout(() => {
      throw "timer";
    }, 1);
    await scheduler.wait(20);
    removeEventListener("error", listener);
    equal(seen, ["listener", "microtask", "timer"]);
  },
  whatCanBeKeptOutOfTheLog() {
    const prevent = (event) => event.preventDefault();
    addEventListener("error", prevent);
    reportError(new Error("must not be heard"));
    removeEventListener("error", prevent);
    reportError(new Error("to be heard"));
    reportError("as a text");
    addEventListener("unhandledrejection", prevent);
    Promise.reject(new Error("must not be heard either"));
  },
  anErrorListenerThatThrows() {
    const listener = () => {
      throw new Error("thrown by a listener");
    };
    addEventListener("error", listener);
    reportError(new Error("reported to it"));
    removeEventListener("error", listener);
  },
});
