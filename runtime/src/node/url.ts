// https://nodejs.org/api/url.html

import legacy from "unenv/node/url";

export * from "unenv/node/url";

const { URL, URLSearchParams } = globalThis as unknown as Globals;

interface Globals {
  URL: new (url: string) => { readonly hostname: string };
  URLSearchParams: unknown;
}

/** A host as URLs write it: "" for what can't be one. */
export function domainToASCII(domain: string): string {
  try {
    return new URL(`ws://${domain}`).hostname;
  } catch {
    return "";
  }
}

export { URL, URLSearchParams };

export default { ...legacy, domainToASCII, URL, URLSearchParams };
