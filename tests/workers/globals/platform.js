import { equal, looksLikeAnInterface, serve, thrown } from "./testing.js";

const beaconAtStart = navigator.sendBeacon("http://127.0.0.1/");

export default serve({
  navigatorIsThePlatforms() {
    const { userAgent, hardwareConcurrency, platform, language, languages } = navigator;
    equal([userAgent, hardwareConcurrency], ["Cloudflare-Workers", 1]);
    equal([platform, language, languages], ["", "en", ["en"]]);
    equal(thrown(() => new Navigator()).message, "Illegal constructor");
    looksLikeAnInterface("Navigator", ["userAgent", "hardwareConcurrency", "sendBeacon"]);
  },
  beaconsNeedARequest() {
    equal(beaconAtStart, false);
    equal(thrown(() => navigator.sendBeacon()).name, "TypeError");
  },
  cloudflareTellsTheFlags() {
    const { compatibilityFlags } = Cloudflare;
    equal([compatibilityFlags.global_navigator, Object.isFrozen(compatibilityFlags)], [true, true]);
    equal(String(Cloudflare), "[object Cloudflare]");
    Cloudflare.extra = 1;
    equal(Cloudflare.extra, 1);
  },
  theOriginIsNone() {
    equal(origin, "null");
    equal(Object.getOwnPropertyDescriptor(globalThis, "origin").writable, false);
  },
  objectsOfTheGlobalScope() {
    for (const name of ["crypto", "navigator", "performance", "scheduler", "Cloudflare", "self"]) {
      // Some are made when they are touched.
      void globalThis[name];
      const { enumerable, writable } = Object.getOwnPropertyDescriptor(globalThis, name);
      equal([name, enumerable, writable], [name, true, true]);
    }
    equal(Object.getOwnPropertyDescriptor(globalThis, "console").enumerable, false);
    equal(console.timeStamp("now"), undefined);
  },
  theContextHasPropsAndOnlyTheRuntimeMakesOne(request, env, ctx) {
    equal([typeof ctx.props, String(ctx)], ["object", "[object ExecutionContext]"]);
    equal(thrown(() => new ctx.constructor()).message, "Illegal constructor");
  },
  async spansNestAndFollowTheFlow(_request, _env, ctx) {
    const { tracing } = ctx;
    const outer = tracing.getActiveSpan();
    const said = await tracing.enterSpan(
      "outer",
      async (span, ...values) => {
        await null;
        equal(tracing.getActiveSpan() === span, true);
        const inner = tracing.startActiveSpan("inner", (span) => span.setAttribute("a", 1));
        equal([inner === span, tracing.getActiveSpan() === span], [false, true]);
        equal([span.isTraced, span.setStatus({ code: "ok" }) === span], [false, true]);
        return values;
      },
      1,
      2,
    );
    equal([said, tracing.getActiveSpan() === outer], [[1, 2], true]);
    const span = tracing.startSpan("apart");
    equal(tracing.withActiveSpan(span, () => tracing.getActiveSpan() === span), true);
    equal(thrown(() => new tracing.Span()).message, "Illegal constructor");
    equal(thrown(() => span.setStatus({ code: 1 })).name, "TypeError");
    equal(thrown(() => tracing.enterSpan("x")).name, "TypeError");
    equal(span.spanContext().traceFlags, 0);
  },
});
