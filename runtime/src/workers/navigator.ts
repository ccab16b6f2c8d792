// HTML §8.9: Navigator, with the platform's values.
// https://developers.cloudflare.com/workers/runtime-apis/web-standards/

import { currentRequest } from "../io.js";
import { fetch } from "../web/fetch.js";
import { defineInterface, requireArguments } from "../web/webidl.js";
import { waitUntil } from "./execution_context.js";

const { TypeError } = globalThis;

let made = false;

export class Navigator {
  constructor() {
    if (made) throw new TypeError("Illegal constructor");
    made = true;
  }

  get userAgent(): string {
    return "Cloudflare-Workers";
  }

  get hardwareConcurrency(): number {
    return 1;
  }

  get platform(): string {
    return "";
  }

  get language(): string {
    return "en";
  }

  get languages(): string[] {
    return ["en"];
  }

  /** Beacon §3.1. As on the platform, whether it can be sent at all is for nobody to know. */
  sendBeacon(url: unknown, body?: unknown): boolean {
    requireArguments("Navigator.sendBeacon", arguments.length, 1);
    const request = currentRequest();
    if (request === null) return false;
    const init = { __proto__: null, method: "POST", body: body ?? null };
    void waitUntil(request, fetch(url, init));
    return true;
  }
}

defineInterface("Navigator", Navigator);

export const navigator = new Navigator();
