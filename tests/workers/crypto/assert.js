export function equal(actual, expected) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value) ?? `${value}`);
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

/** The name of what a promise rejects with. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    return error.name;
  }
  throw new Error("it did not reject");
}

export function hex(bytes) {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text) {
  return new Uint8Array((text.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
}

export function unbase64url(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

export const utf8 = (text) => new TextEncoder().encode(text);
