// Asks for modules that are not its own.

const SPECIFIERS = [
  "ext:core/mod.js",
  "ext:core/ops",
  "ext:core/01_core.js",
  "edgewright:capture",
  "edgewright:entry",
  "edgewright:globals",
  "edgewright:runtime",
  "edgewright:lazy/idna",
  "checkin:core",
  "data:text/javascript,export default 1",
  "blob:null/1",
  "file:///etc/passwd",
  "http://127.0.0.1:1/x.js",
  "worker:/../../etc/passwd",
  "../../../../etc/passwd",
  "pydeno:x",
];

const attempt = async (specifier) => {
  try {
    await import(specifier);
    return "it worked";
  } catch (error) {
    return `${error?.name}`;
  }
};

const all = async () => {
  const results = {};
  for (const specifier of SPECIFIERS) results[specifier] = await attempt(specifier);
  return results;
};

const atStart = await all();

export default {
  async fetch() {
    return Response.json({ atStart, inRequest: await all() });
  },
};
