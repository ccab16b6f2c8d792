/** Asks the admin port, and listens to it. */

/** @import { Overview, RequestDetail, RequestPage, RequestSummary } from "./shapes.d.ts" */

const PATIENCE_MS = 10_000;
const AGAIN_MS = 1000;

/** An answer that is none: its `status` is HTTP's, or 0 where nobody answered. */
export class ApiFailure extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @returns {Promise<Overview>} */
export function getOverview() {
  return getJson("overview", {});
}

/**
 * @param {Record<string, string>} query
 * @returns {Promise<RequestPage>}
 */
export function getRequests(query) {
  return getJson("requests", query);
}

/**
 * @param {string} id
 * @returns {Promise<RequestDetail>}
 */
export function getRequest(id) {
  return getJson(`requests/${encodeURIComponent(id)}`, {});
}

/**
 * Listens to `/api/events` for as long as the page is open, and again when the server comes back.
 *
 * @param {object} told
 * @param {() => void} told.opened
 * @param {() => void} told.lost
 * @param {(request: RequestSummary) => void} told.finished
 */
export function listen(told) {
  const source = new EventSource(new URL("api/events", document.baseURI));
  source.addEventListener("open", told.opened);
  source.addEventListener("request", ({ data }) => told.finished(JSON.parse(data)));
  source.addEventListener("error", () => {
    told.lost();
    // It tries again by itself, but not after an answer that is none.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS, told);
  });
}

/**
 * @param {string} path
 * @param {Record<string, string>} query
 * @returns {Promise<any>}
 */
async function getJson(path, query) {
  const url = new URL(`api/${path}`, document.baseURI);
  for (const [key, value] of Object.entries(query)) if (value) url.searchParams.set(key, value);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const answer = await response.json();
    if (response.ok) return answer;
    throw new ApiFailure(response.status, answer.error);
  } catch (error) {
    throw error instanceof ApiFailure ? error : new ApiFailure(0, String(error));
  }
}
