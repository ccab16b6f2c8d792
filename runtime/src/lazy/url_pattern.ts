// The URL Pattern standard, by urlpattern-polyfill, which follows Chromium's implementation and is
// held to the platform's tests.

import * as polyfill from "urlpattern-polyfill/urlpattern";
import { defineInterface } from "../web/webidl.js";

type Component =
  | "protocol"
  | "username"
  | "password"
  | "hostname"
  | "port"
  | "pathname"
  | "search"
  | "hash";
type Input = string | { [key in Component | "baseURL"]?: string };

/** The package's own types leave out what is not yet in all browsers. */
interface Implementation extends Readonly<Record<Component, string>> {
  readonly hasRegExpGroups: boolean;
  test(input: Input, baseURL: string | undefined): boolean;
  exec(input: Input, baseURL: string | undefined): object | null;
}

const Implementation = polyfill.URLPattern as unknown as {
  new (input: Input, baseOrOptions?: string | object, options?: object): Implementation;
};

/** https://urlpattern.spec.whatwg.org/#urlpattern-class */
export class URLPattern {
  readonly #pattern: Implementation;

  constructor(input?: Input, baseOrOptions?: string | object, options?: object) {
    this.#pattern = new Implementation(input ?? {}, baseOrOptions, options);
  }

  test(input?: Input, baseURL?: string): boolean {
    return this.#pattern.test(input ?? {}, baseURL);
  }

  exec(input?: Input, baseURL?: string): object | null {
    return this.#pattern.exec(input ?? {}, baseURL);
  }

  get protocol(): string {
    return this.#pattern.protocol;
  }

  get username(): string {
    return this.#pattern.username;
  }

  get password(): string {
    return this.#pattern.password;
  }

  get hostname(): string {
    return this.#pattern.hostname;
  }

  get port(): string {
    return this.#pattern.port;
  }

  get pathname(): string {
    return this.#pattern.pathname;
  }

  get search(): string {
    return this.#pattern.search;
  }

  get hash(): string {
    return this.#pattern.hash;
  }

  get hasRegExpGroups(): boolean {
    return this.#pattern.hasRegExpGroups;
  }
}

defineInterface("URLPattern", URLPattern);
