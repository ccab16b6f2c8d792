/** The page: which view is shown, what keys do, and whether the server is there. */

import { ApiFailure, listen } from "./api.js";
import { byId, setText } from "./dom.js";
import { clock } from "./format.js";
import { overviewView } from "./overview.js";
import { requestView } from "./request.js";
import { requestsView } from "./requests.js";
import { routeOf } from "./routes.js";

/** @import { View } from "./shapes.d.ts" */

const REFRESH_MS = 2000;
const HURRY_MS = 500;

const main = byId("main");
const connection = byId("connection");
const lost = byId("lost");
const help = /** @type {HTMLDialogElement} */ (byId("help"));

/** @type {View} */
let view;
let listHash = "#/requests";
let opened = "";

function show() {
  const route = routeOf(location.hash);
  switch (route.page) {
    case "overview":
      view = overviewView();
      break;
    case "requests":
      listHash = location.hash;
      view = requestsView(route.filter, opened);
      break;
    case "request":
      opened = route.id;
      view = requestView(route.id, listHash);
      break;
  }
  main.replaceChildren(view.element);
  scrollTo(0, 0);
  document.title = `${view.title} · Edgewright`;
  const page = route.page === "overview" ? "overview" : "requests";
  for (const link of document.querySelectorAll("nav [data-page]")) {
    if (link.getAttribute("data-page") === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  refresh();
}

let refreshing = false;
let again = false;

/** Brings the view up to date, once at a time. */
async function refresh() {
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  try {
    do {
      again = false;
      await view.refresh().catch(failed);
    } while (again);
  } finally {
    refreshing = false;
  }
}

/** @param {unknown} error */
function failed(error) {
  if (!(error instanceof ApiFailure)) throw error;
  // A server that is away is told of by the connection.
  if (error.status === 401) location.assign("login");
}

/** @param {"live" | "lost"} state */
function setConnection(state) {
  if (connection.dataset.state === state) return;
  connection.dataset.state = state;
  document.body.classList.toggle("stale", state === "lost");
  setText(connection, state === "live" ? "Live" : "Disconnected");
  lost.hidden = state === "live";
  const since = clock(Date.now());
  setText(
    lost,
    state === "live" ? "" : `The server does not answer since ${since}. Trying again …`,
  );
}

let soon = false;

function refreshSoon() {
  if (soon) return;
  soon = true;
  setTimeout(() => {
    soon = false;
    if (!document.hidden) refresh();
  }, HURRY_MS);
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  const target = event.target;
  if (target instanceof HTMLInputElement) {
    if (event.key !== "Escape") return;
    target.blur();
    event.preventDefault(); // what was searched for stays
    return;
  }
  if (target instanceof HTMLSelectElement) return;
  if (taken(event)) event.preventDefault();
}

/** @param {KeyboardEvent} event */
function taken(event) {
  switch (event.key) {
    case "?":
      help.showModal();
      return true;
    case "o":
      location.hash = "#/";
      return true;
    case "r":
      location.hash = listHash;
      return true;
    case "/":
      if (view.key?.(event)) return true;
      location.hash = "#/requests";
      addEventListener("hashchange", () => view.key?.(event), { once: true });
      return true;
    default:
      return view.key?.(event) ?? false;
  }
}

addEventListener("hashchange", show);
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the fragment is the view's
  main.focus();
});
addEventListener("keydown", pressed);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
byId("help-button").addEventListener("click", () => help.showModal());
setInterval(() => {
  if (!document.hidden && connection.dataset.state === "live") refresh();
}, REFRESH_MS);
show();
listen({
  opened() {
    setConnection("live");
    refresh();
  },
  lost() {
    setConnection("lost");
    refresh(); // it may only want to know who asks
  },
  finished(request) {
    view.finished?.(request);
    refreshSoon();
  },
});
