/** Colours of the map, by day and by night. The statuses' colours are the page's own custom properties. */

/** @typedef {"new" | "accepted" | "planned" | "waiting" | "answered" | "closed"} Status */

/** @type {readonly Status[]} */
export const STATUSES = ["new", "accepted", "planned", "waiting", "answered", "closed"];

/** Marks of answers that have a colour, with that of all others. */
const ANSWERS = 8;

const DAY = {
  ground: "#e4e6e6",
  city: "#f8f7f3",
  built: "#eeebe4",
  civic: "#e3e0ea",
  industry: "#e6e6e6",
  care: "#f0e1e1",
  market: "#f1e6d3",
  grave: "#dce4d3",
  hill: "#e2dcca",
  hillEdge: "#c8bd9f",
  park: "#cfe3c3",
  water: "#9fc9e4",
  canal: "#a9cfe6",
  lane: "#ffffff",
  street: "#ffffff",
  streetMain: "#fff4da",
  casing: "#dcd8cf",
  casingMain: "#e0ca9c",
  border: "#5b4f9a",
  cityEdge: "#4a3f86",
  text: "#363d49",
  textSoft: "#626a77",
  textWater: "#2a6289",
  textPark: "#3d6b35",
  textHill: "#6f6038",
  textDistrict: "#4d4288",
  halo: "#fbfbf9",
  landmark: "#6b5a86",
  bubble: "#ffffff",
  bubbleText: "#141a24",
  ring: "#ffffff",
  shadow: "rgba(20, 26, 36, .30)",
};

/** @type {typeof DAY} */
const NIGHT = {
  ground: "#090d13",
  city: "#121922",
  built: "#1a222d",
  civic: "#20213a",
  industry: "#1d2733",
  care: "#2c2028",
  market: "#2b261f",
  grave: "#19261f",
  hill: "#25261f",
  hillEdge: "#3d3b2c",
  park: "#182c22",
  water: "#15405c",
  canal: "#16374c",
  lane: "#252f3c",
  street: "#303c4b",
  streetMain: "#4a4638",
  casing: "#0d131a",
  casingMain: "#0d131a",
  border: "#8f85c8",
  cityEdge: "#a89ee0",
  text: "#d5dbe5",
  textSoft: "#9aa5b5",
  textWater: "#74b2d8",
  textPark: "#8cbd80",
  textHill: "#c0b084",
  textDistrict: "#b7ade8",
  halo: "#0d131b",
  landmark: "#b3a3d4",
  bubble: "#1f2836",
  bubbleText: "#f2f4f8",
  ring: "#0d131b",
  shadow: "rgba(0, 0, 0, .6)",
};

/** @typedef {typeof DAY & {dark: boolean, accent: string, works: string, overdue: string, answers: string[], status: Record<Status, string>}} Palette `answers` by their mark */

const night = matchMedia("(prefers-color-scheme: dark)");

/** True in dark mode: the reader's choice on the page, else the system's. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || (chosen !== "light" && night.matches);
}

/** @returns {Palette} */
export function currentPalette() {
  const dark = isDark();
  const page = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => page.getPropertyValue(name).trim() || "#55606f";
  return {
    ...(dark ? NIGHT : DAY),
    dark,
    accent: colour("--accent"),
    works: colour("--status-accepted"),
    overdue: colour("--status-overdue"),
    answers: Array.from({ length: ANSWERS }, (_, mark) => colour(`--answer-${mark}`)),
    status: {
      new: colour("--status-new"),
      accepted: colour("--status-accepted"),
      planned: colour("--status-planned"),
      waiting: colour("--status-waiting"),
      answered: colour("--status-answered"),
      closed: colour("--status-closed"),
    },
  };
}

/**
 * Calls back when the page switches between light and dark, until the signal is aborted.
 * @param {() => void} changed
 * @param {AbortSignal} signal
 */
export function onThemeChange(changed, signal) {
  night.addEventListener("change", changed, { signal });
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
