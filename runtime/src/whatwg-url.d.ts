// The parts of whatwg-url below its classes (which are made for embedders with several realms).

declare module "whatwg-url/lib/url-state-machine.js" {
  /** URL §4.1: the URL record. */
  export interface UrlRecord {
    scheme: string;
    username: string;
    password: string;
    host: string | number | number[] | null;
    port: number | null;
    path: string[] | string;
    query: string | null;
    fragment: string | null;
  }
  export function basicURLParse(
    input: string,
    options?: { baseURL?: UrlRecord | null; url?: UrlRecord; stateOverride?: string },
  ): UrlRecord | null;
  export function serializeURL(url: UrlRecord, excludeFragment?: boolean): string;
  export function serializePath(url: UrlRecord): string;
  export function serializeURLOrigin(url: UrlRecord): string;
  export function serializeHost(host: UrlRecord["host"]): string;
  export function setTheUsername(url: UrlRecord, username: string): void;
  export function setThePassword(url: UrlRecord, password: string): void;
  export function cannotHaveAUsernamePasswordPort(url: UrlRecord): boolean;
  export function hasAnOpaquePath(url: UrlRecord): boolean;
}

declare module "whatwg-url/lib/urlencoded.js" {
  export function parseUrlencodedString(input: string): [name: string, value: string][];
  export function serializeUrlencoded(tuples: readonly [name: string, value: string][]): string;
}
