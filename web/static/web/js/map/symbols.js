/**
 * Images on the map, drawn when the map first needs one. The name has everything needed to redraw it:
 * `pin|new`, `pin|new|chosen`, `pin|overdue`, `cell|3.1.0.0.10.2|4` (sixteenths of each of STATUSES, and of what is overdue),
 * `answer|3`, `landmark|market`.
 */

import { STATUSES } from "city/map/palette.js";

/** @typedef {import("city/map/palette.js").Palette} Palette */
/** @typedef {import("city/map/palette.js").Status | "overdue" | "accent"} Status what a pin says: that the term has passed stands for any other; accent says none */

/** Twice the CSS pixel: sharp on phones, and small enough for the sprite atlas. */
const RATIO = 2;

const PIN_PX = 34;
const CELL_PX = 60;
const ANSWER_PX = 26;
const LANDMARK_PX = 18;

/** Shares of a donut are counted in these parts, so that a few images serve all cells. */
export const PARTS = 16;

/**
 * @param {number} size CSS pixels
 * @param {(context: CanvasRenderingContext2D) => void} draw in CSS pixels, origin in the middle
 */
function picture(size, draw) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * RATIO;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser has no 2D canvas");
  context.scale(RATIO, RATIO);
  context.translate(size / 2, size / 2);
  draw(context);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * The outline that shows the status without colour: new a drop, closed a square, all between a disc; overdue a triangle.
 * @param {CanvasRenderingContext2D} c
 * @param {Status} status
 * @param {number} r
 */
function outline(c, status, r) {
  c.beginPath();
  if (status === "new") {
    c.arc(0, -r * 0.18, r * 0.92, Math.PI * 0.82, Math.PI * 0.18);
    c.lineTo(0, r * 1.14);
    c.closePath();
  } else if (status === "closed") {
    c.roundRect(-r * 0.8, -r * 0.8, r * 1.6, r * 1.6, r * 0.3);
  } else if (status === "overdue") {
    c.moveTo(0, -r * 1.06);
    c.lineTo(r * 1.14, r * 0.86);
    c.lineTo(-r * 1.14, r * 0.86);
    c.closePath();
  } else {
    c.arc(0, 0, r * 0.94, 0, Math.PI * 2);
  }
}

/**
 * The sign inside, as in the page's own status icons: a ring's hole, a half, the hands of a clock, a pause, a tick; an
 * exclamation mark; a dot where there is no status.
 * @param {CanvasRenderingContext2D} c
 * @param {Status} status
 * @param {number} r
 */
function sign(c, status, r) {
  c.beginPath();
  if (status === "new") {
    c.arc(0, -r * 0.18, r * 0.36, 0, Math.PI * 2);
    c.fill();
  } else if (status === "accepted") {
    c.arc(0, 0, r * 0.58, Math.PI / 2, -Math.PI / 2);
    c.fill();
  } else if (status === "planned") {
    c.moveTo(0, -r * 0.46);
    c.lineTo(0, r * 0.06);
    c.lineTo(r * 0.34, r * 0.26);
    c.stroke();
  } else if (status === "waiting") {
    for (const x of [-r * 0.2, r * 0.2]) {
      c.moveTo(x, -r * 0.34);
      c.lineTo(x, r * 0.34);
    }
    c.stroke();
  } else if (status === "overdue") {
    c.moveTo(0, -r * 0.36);
    c.lineTo(0, r * 0.18);
    c.moveTo(0, r * 0.55);
    c.lineTo(0, r * 0.56);
    c.stroke();
  } else if (status === "accent") {
    c.arc(0, 0, r * 0.36, 0, Math.PI * 2);
    c.fill();
  } else {
    c.moveTo(-r * 0.4, r * 0.04);
    c.lineTo(-r * 0.1, r * 0.34);
    c.lineTo(r * 0.42, -r * 0.3);
    c.stroke();
  }
}

/**
 * @param {Palette} colours
 * @param {Status} status
 * @param {boolean} chosen
 */
function pin(colours, status, chosen) {
  const size = chosen ? PIN_PX * 1.5 : PIN_PX;
  const r = size * 0.34;
  return picture(size, (c) => {
    c.lineJoin = c.lineCap = "round";
    outline(c, status, r);
    c.shadowColor = colours.shadow;
    c.shadowBlur = 5 * RATIO;
    c.shadowOffsetY = 1.5 * RATIO;
    c.fillStyle = status === "overdue" || status === "accent" ? colours[status] : colours.status[status];
    c.fill();
    c.shadowColor = "transparent";
    c.lineWidth = chosen ? 3 : 2;
    c.strokeStyle = colours.ring;
    c.stroke();
    c.strokeStyle = c.fillStyle = colours.ring;
    c.lineWidth = r * 0.26;
    sign(c, status, r);
  });
}

/**
 * A place of an answer, as the legend below the map has it: its number on its colour, so that no colour must be told apart.
 * @param {Palette} colours
 * @param {number} mark 0 for the answers that have no number
 */
function answer(colours, mark) {
  return picture(ANSWER_PX, (c) => {
    c.beginPath();
    c.arc(0, 0, 10, 0, Math.PI * 2);
    c.shadowColor = colours.shadow;
    c.shadowBlur = 4 * RATIO;
    c.fillStyle = colours.answers[mark] ?? colours.accent;
    c.fill();
    c.shadowColor = "transparent";
    c.lineWidth = 2;
    c.strokeStyle = colours.ring;
    c.stroke();
    if (!mark) return;
    c.fillStyle = colours.ring;
    c.font = "700 12px system-ui, sans-serif";
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(String(mark), 0, 0.5);
  });
}

/**
 * A bubble whose ring shows the share of each status among its appeals, and an arc around it that of what is overdue.
 * @param {Palette} colours
 * @param {number[]} parts sixteenths, in the order of STATUSES
 * @param {number} overdue sixteenths
 */
function cell(colours, parts, overdue) {
  const r = CELL_PX / 2 - 5;
  return picture(CELL_PX, (c) => {
    c.beginPath();
    c.arc(0, 0, r, 0, Math.PI * 2);
    c.shadowColor = colours.shadow;
    c.shadowBlur = 6 * RATIO;
    c.shadowOffsetY = 1.5 * RATIO;
    c.fillStyle = colours.bubble;
    c.fill();
    c.shadowColor = "transparent";
    c.lineWidth = 6;
    const gap = parts.filter((part) => part > 0).length > 1 ? 0.05 : 0;
    let from = -Math.PI / 2;
    STATUSES.forEach((status, at) => {
      const share = ((parts[at] ?? 0) / PARTS) * Math.PI * 2;
      if (share <= 0) return;
      c.beginPath();
      c.arc(0, 0, r - 4, from + gap, from + share - gap);
      c.strokeStyle = colours.status[status];
      c.stroke();
      from += share;
    });
    if (!overdue) return;
    c.beginPath();
    c.arc(0, 0, r + 2, -Math.PI / 2, ((overdue / PARTS) * 2 - 0.5) * Math.PI);
    c.lineWidth = 5;
    c.strokeStyle = colours.overdue;
    c.stroke();
  });
}

/** Signs of landmarks on a grid of 12, around the middle. Those without a sign are a dot. */
/** @type {Record<string, string>} */
const LANDMARK_SIGNS = {
  office: "M-4 3.5h8M-3 3.5v-5M0 3.5v-5M3 3.5v-5M-4.4-2L0-4.6L4.4-2z",
  hospital: "M0-3.6v7.2M-3.6 0h7.2",
  market: "M-3.8-1h7.6l-.8 4.6h-6zM-1.8-1l1-2.8M1.8-1l-1-2.8",
  station: "M-2.8-3.8h5.6v5.6h-5.6zM-2.8-.4h5.6M-2 4l-1 0M-2.4 1.8l-1 2.2M2.4 1.8l1 2.2",
  airport: "M0-4.4v8M-4.4 .6L0-1.6L4.4 .6M-1.8 3.8L0 2.8L1.8 3.8",
  university: "M-4.6-1L0-3.2L4.6-1L0 1.2zM-2.4 .4v2.4c1.4 1 3.4 1 4.8 0V.4",
  school: "M-4.6-1L0-3.2L4.6-1L0 1.2zM-2.4 .4v2.4c1.4 1 3.4 1 4.8 0V.4",
  mosque: "M-3 3.8v-3c0-2 3-2.4 3-4.8c0 2.4 3 2.8 3 4.8v3z",
  museum: "M-4 3.5h8M-3 3.5v-5M0 3.5v-5M3 3.5v-5M-4.4-2L0-4.6L4.4-2z",
  theatre: "M-3.2-3h6.4v2.6c0 4.4-6.4 4.4-6.4 0zM-1.4-1.2h.1M1.4-1.2h.1M-1.2 .8c.6 .7 1.8 .7 2.4 0",
  library: "M0-2.6c-1-1-2.6-1-4-1v6c1.4 0 3 0 4 1c1-1 2.6-1 4-1v-6c-1.4 0-3 0-4 1v6",
  stadium: "M-4 0a4 2.8 0 1 0 8 0a4 2.8 0 1 0-8 0M0-2.8v5.6",
};

/**
 * @param {Palette} colours
 * @param {string} kind
 */
function landmark(colours, kind) {
  const path = LANDMARK_SIGNS[kind];
  return picture(LANDMARK_PX, (c) => {
    c.beginPath();
    c.arc(0, 0, path ? 8 : 4, 0, Math.PI * 2);
    c.fillStyle = colours.landmark;
    c.fill();
    c.lineWidth = 1.2;
    c.strokeStyle = colours.halo;
    c.stroke();
    if (!path) return;
    c.lineJoin = c.lineCap = "round";
    c.lineWidth = 1.25;
    c.strokeStyle = colours.halo;
    c.stroke(new Path2D(path));
  });
}

/**
 * @param {Palette} colours
 * @param {string} name
 */
function draw(colours, name) {
  const [kind, value = "", extra] = name.split("|");
  if (kind === "pin") return pin(colours, /** @type {Status} */ (value), extra === "chosen");
  if (kind === "cell") return cell(colours, value.split(".").map(Number), Number(extra ?? 0));
  if (kind === "answer") return answer(colours, Number(value));
  if (kind === "landmark") return landmark(colours, value);
  return undefined;
}

/**
 * Draws every image the map asks for, in the current palette.
 * @param {import("maplibre-gl").Map} map
 * @param {() => Palette} palette
 */
export function drawOnDemand(map, palette) {
  map.setMissingStyleImageResolver((id) => {
    const image = draw(palette(), id);
    if (image && !map.hasImage(id)) map.addImage(id, image, { pixelRatio: RATIO });
  });
}

/**
 * Redraws the images the map already has, after the palette changed.
 * @param {import("maplibre-gl").Map} map
 * @param {Palette} colours
 */
export function redraw(map, colours) {
  for (const id of map.listImages()) {
    const image = draw(colours, id);
    if (image) map.updateImage(id, image);
  }
}

/**
 * Sixteenths of each status: every status that occurs gets at least one, and they add up to `PARTS`.
 * @param {Record<string, unknown>} counts
 * @returns {number[]}
 */
export function partsOf(counts) {
  const numbers = STATUSES.map((status) => Number(counts[status] ?? 0));
  const total = numbers.reduce((a, b) => a + b, 0);
  if (!total) return numbers.map((_n, at) => (at === numbers.length - 1 ? PARTS : 0));
  const parts = numbers.map((n) => (n ? Math.max(1, Math.round((n / total) * PARTS)) : 0));
  const greatest = parts.indexOf(Math.max(...parts));
  parts[greatest] = (parts[greatest] ?? 0) + PARTS - parts.reduce((a, b) => a + b, 0);
  return parts;
}

/**
 * Sixteenths of a bubble that are overdue: at least one where anything is, all only where everything is.
 * @param {number} overdue
 * @param {number} count
 */
export function overdueParts(overdue, count) {
  if (!overdue) return 0;
  return overdue === count ? PARTS : Math.min(PARTS - 1, Math.max(1, Math.round((overdue / count) * PARTS)));
}
