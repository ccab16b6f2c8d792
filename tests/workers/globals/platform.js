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
});
