/** The pages' addresses: they are the URL's fragment, so that each can be linked to and gone back to. */

/** @typedef {{ worker?: string, outcome?: string, search?: string }} Filter */
/**
 * @typedef {{ page: "overview" } | { page: "requests", filter: Filter }
 *   | { page: "request", id: string }} Route
 */

const KEYS = /** @type {const} */ (["worker", "outcome", "search"]);

/**
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page, id] = path.split("/");
  if (page !== "requests") return { page: "overview" };
  if (id) return { page: "request", id: decoded(id) };
  const parameters = new URLSearchParams(query);
  /** @type {Filter} */
  const filter = {};
  for (const key of KEYS) {
    const value = parameters.get(key);
    if (value) filter[key] = value;
  }
  return { page: "requests", filter };
}

/** @param {Filter} filter */
export function requestsHref(filter) {
  const parameters = new URLSearchParams();
  for (const key of KEYS) {
    const value = filter[key];
    if (value) parameters.set(key, value);
  }
  const query = parameters.toString();
  return query ? `#/requests?${query}` : "#/requests";
}

/** @param {string} id */
export function requestHref(id) {
  return `#/requests/${encodeURIComponent(id)}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
