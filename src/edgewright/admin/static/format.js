/** Numbers and times for people: three digits, and a unit. */

import { h } from "./dom.js";

const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const NONE = "–";

/** @typedef {{ number: string, unit: string }} Quantity */

/**
 * A duration.
 *
 * @param {number | null | undefined} value in milliseconds
 * @param {boolean} [fixed] always three digits, as a column of numbers is read more easily then
 * @returns {Quantity}
 */
export function duration(value, fixed = true) {
  if (value === null || value === undefined) return { number: NONE, unit: "" };
  if (value < 0.005) return { number: "0", unit: "ms" };
  if (value < 999.5) return { number: digits(value, fixed), unit: "ms" };
  if (value < 99_950) return { number: digits(value / 1000, fixed), unit: "s" };
  return { number: digits(value / 60_000, fixed), unit: "min" };
}

/**
 * @param {number | null | undefined} value in bytes
 * @returns {Quantity}
 */
export function bytes(value) {
  if (value === null || value === undefined) return { number: NONE, unit: "" };
  if (value < 1000) return { number: String(value), unit: "B" };
  if (value < 999_500) return { number: digits(value / 1000), unit: "kB" };
  if (value < 999_500_000) return { number: digits(value / 1e6), unit: "MB" };
  return { number: digits(value / 1e9), unit: "GB" };
}

/**
 * A part of one.
 *
 * @param {number | null | undefined} value
 * @returns {Quantity}
 */
export function percent(value) {
  if (value === null || value === undefined) return { number: NONE, unit: "" };
  return { number: value === 0 ? "0" : value === 1 ? "100" : digits(value * 100), unit: "%" };
}

/**
 * @param {number | null | undefined} value
 * @returns {Quantity}
 */
export function perSecond(value) {
  if (value === null || value === undefined) return { number: NONE, unit: "" };
  return { number: value === 0 ? "0" : digits(value), unit: "/s" };
}

/**
 * How many.
 *
 * @param {number | null | undefined} value
 * @returns {string}
 */
export function count(value) {
  if (value === null || value === undefined) return NONE;
  return Number.isInteger(value) ? value.toLocaleString("en") : digits(value);
}

/**
 * How long something has been up: its two largest units.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function uptime(seconds) {
  const parts = /** @type {[number, string][]} */ ([
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ]);
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/**
 * The time of day, as this browser's user writes it; the day too, where it is another.
 *
 * @param {number} milliseconds since 1970
 * @returns {string}
 */
export function clock(milliseconds) {
  const date = new Date(milliseconds);
  const time = date.toLocaleTimeString("sv", { hour12: false });
  const today = new Date().toDateString() === date.toDateString();
  return today ? time : `${date.toLocaleDateString("sv")} ${time}`;
}

/**
 * @param {Quantity} quantity
 * @returns {string}
 */
export function plain({ number, unit }) {
  return unit ? `${number} ${unit}` : number;
}

/**
 * A quantity whose unit is quieter than its number.
 *
 * @param {Quantity} quantity
 * @returns {HTMLElement}
 */
export function quantity({ number, unit }) {
  return h("span", { class: "quantity" }, number, unit && h("span", { class: "unit" }, ` ${unit}`));
}

/**
 * Text of somebody else's, on one line or on several: characters that show nothing or turn the
 * writing around are shown by their numbers.
 *
 * @param {string} text
 * @returns {string}
 */
export function visible(text) {
  return text.replace(CONTROLS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * A place in the code, as V8 writes it (`worker:/index.js:3:9`), without what is always the same.
 *
 * @param {string} at
 * @returns {string}
 */
export function place(at) {
  return visible(at.replace(/^worker:\/+/, ""));
}

/**
 * A URL without its scheme.
 *
 * @param {string} url
 * @returns {string}
 */
export function shortUrl(url) {
  return visible(url.replace(/^https?:\/\//, ""));
}

/**
 * @param {string} url
 * @returns {[host: string, path: string]}
 */
export function hostAndPath(url) {
  const found = /^https?:\/\/([^/?#]*)(.*)$/s.exec(url);
  return found ? [visible(found[1] ?? ""), visible(found[2] || "/")] : ["", visible(url)];
}

/**
 * Three digits.
 *
 * @param {number} value
 * @param {boolean} [fixed] zeros at its end are kept
 */
function digits(value, fixed = false) {
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return value.toLocaleString("en", {
    minimumFractionDigits: fixed ? decimals : 0,
    maximumFractionDigits: decimals,
  });
}
