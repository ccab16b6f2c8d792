/** A small chart without axes: what is new is at its right. */

import { svg } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 44;

/**
 * @typedef {object} Sparkline
 * @property {SVGSVGElement} element
 * @property {(values: (number | null)[], label: string) => void} update
 *   `null` is a moment of which nothing is known: the line has a gap there.
 */

/**
 * @param {string} look a class: "accent", "bad" or "ink"
 * @returns {Sparkline}
 */
export function sparkline(look) {
  const area = svg("path", { class: "area" });
  const line = svg("path", { class: "line" });
  const element = svg(
    "svg",
    {
      class: `sparkline ${look}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
    },
    svg("path", { class: "base", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
    area,
    line,
  );
  return {
    element,
    update(values, label) {
      element.setAttribute("aria-label", label);
      const most = Math.max(...values.map((value) => value ?? 0), 0);
      const pieces = most > 0 ? piecesOf(values, most) : [];
      line.setAttribute("d", pieces.map(drawn).join(""));
      area.setAttribute("d", pieces.map(filledBelow).join(""));
    },
  };
}

/** @typedef {[x: number, y: number]} Point */

/**
 * @param {(number | null)[]} values
 * @param {number} most
 * @returns {Point[][]}
 */
function piecesOf(values, most) {
  const step = WIDTH / Math.max(values.length - 1, 1);
  /** @type {Point[][]} */
  const pieces = [];
  /** @type {Point[] | null} */
  let piece = null;
  for (const [number, value] of values.entries()) {
    if (value === null) {
      piece = null;
      continue;
    }
    if (piece === null) {
      piece = [];
      pieces.push(piece);
    }
    piece.push([round(number * step), round(HEIGHT - 1 - (value / most) * (HEIGHT - 6))]);
  }
  return pieces;
}

/** @param {Point[]} piece */
function drawn(piece) {
  const [first, ...rest] = piece;
  if (first === undefined) return "";
  // A lone point is a dash, as a line of no length shows nothing.
  const lines = rest.length > 0 ? rest : [/** @type {Point} */ ([first[0] + 2, first[1]])];
  return `M${first.join(" ")}${lines.map((point) => `L${point.join(" ")}`).join("")}`;
}

/** @param {Point[]} piece */
function filledBelow(piece) {
  const first = piece[0];
  const last = piece.at(-1);
  if (first === undefined || last === undefined) return "";
  return `${drawn(piece)}L${last[0]} ${HEIGHT}L${first[0]} ${HEIGHT}Z`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
