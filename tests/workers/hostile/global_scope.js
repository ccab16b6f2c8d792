// Does in the global scope what is for handlers only.

const WAYS = {
  fetch: () => fetch("http://example.com/"),
  setTimeout: () => setTimeout(() => {}, 1),
  setInterval: () => setInterval(() => {}, 1),
  wait: () => scheduler.wait(1),
  timeout: () => AbortSignal.timeout(1),
  getRandomValues: () => crypto.getRandomValues(new Uint8Array(1)),
  randomUUID: () => crypto.randomUUID(),
};

const results = {};
for (const [name, way] of Object.entries(WAYS)) {
  try {
    await way();
    results[name] = "it worked";
  } catch (error) {
    results[name] = `${error}`;
  }
}

export default {
  fetch: () => Response.json(results),
};
