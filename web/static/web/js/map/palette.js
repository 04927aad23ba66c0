/** Colours of the map, by day and by night. The statuses' colours are the page's own (CSS custom properties). */

/** @typedef {"new" | "accepted" | "answered" | "closed"} Status */

/** @type {readonly Status[]} */
export const STATUSES = ["new", "accepted", "answered", "closed"];

const DAY = {
  ground: "#e6e9e4",
  city: "#f5f3ee",
  built: "#ebe6dc",
  hill: "#e4ddca",
  hillEdge: "#cbbf9f",
  park: "#d3e5c5",
  water: "#a5cbe2",
  canal: "#b4d3e5",
  street: "#ffffff",
  streetMain: "#fffaf0",
  casing: "#d9d1c3",
  casingMain: "#d8c39c",
  lane: "#f9f7f3",
  border: "#6d5f97",
  cityEdge: "#574b7c",
  text: "#3b4250",
  textSoft: "#666e7c",
  textWater: "#33688c",
  textPark: "#456f3c",
  textHill: "#75653d",
  textDistrict: "#5d4f87",
  halo: "#f8f7f3",
  landmark: "#7b5b2e",
  bubble: "#ffffff",
  bubbleText: "#1c2430",
  ring: "#ffffff",
  shadow: "rgba(20, 26, 36, .28)",
};

/** @type {typeof DAY} */
const NIGHT = {
  ground: "#0d1217",
  city: "#161c23",
  built: "#1d242c",
  hill: "#262720",
  hillEdge: "#3c3b2d",
  park: "#1a2b22",
  water: "#163c55",
  canal: "#173448",
  street: "#36404b",
  streetMain: "#4a4a45",
  casing: "#12171d",
  casingMain: "#12171d",
  lane: "#2a323b",
  border: "#8f82bd",
  cityEdge: "#a799d6",
  text: "#d3d9e2",
  textSoft: "#98a2b0",
  textWater: "#77b0d4",
  textPark: "#8fbc85",
  textHill: "#c0b084",
  textDistrict: "#b3a6e0",
  halo: "#12181e",
  landmark: "#d0ac77",
  bubble: "#202832",
  bubbleText: "#f2f4f7",
  ring: "#10151a",
  shadow: "rgba(0, 0, 0, .55)",
};

// Okabe and Ito's colours, darkened until white reads on them; shapes tell the statuses apart without colour.
/** @type {Record<Status, string>} */
const STATUS_DAY = { new: "#c2410c", accepted: "#1d5fbf", answered: "#0f7a5f", closed: "#5b6472" };
/** @type {Record<Status, string>} */
const STATUS_NIGHT = { new: "#ff8a4c", accepted: "#6ea8ff", answered: "#3fc79a", closed: "#9aa4b2" };

/** @typedef {typeof DAY & {dark: boolean, status: Record<Status, string>}} Palette */

const night = matchMedia("(prefers-color-scheme: dark)");

/** True when the page is shown in dark colours: the reader's choice on the page, else the system's. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || (chosen !== "light" && night.matches);
}

/** @returns {Palette} */
export function currentPalette() {
  const dark = isDark();
  return { ...(dark ? NIGHT : DAY), dark, status: dark ? STATUS_NIGHT : STATUS_DAY };
}

/**
 * Calls back when the page changes between light and dark, until the signal is aborted.
 * @param {() => void} changed
 * @param {AbortSignal} signal
 */
export function onThemeChange(changed, signal) {
  night.addEventListener("change", changed, { signal });
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
