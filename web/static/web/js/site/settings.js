/** The server's settings for scripts: URLs, language, the city's map. */

/**
 * @typedef {object} MapSettings
 * @property {[number, number]} center lon, lat
 * @property {number} zoom
 * @property {[number, number, number, number]} bounds west, south, east, north
 * @property {string} style URL of a base-map style, or "" for only the city's own layers
 * @property {string} attribution
 * @property {string} worker
 * @property {string} css
 */

/**
 * @typedef {object} Settings
 * @property {string} language
 * @property {string} timeZone of the city
 * @property {string[]} languages
 * @property {string} city
 * @property {Record<"home"|"newAppeal"|"appeal"|"follow"|"submit"|"feature"|"appealsGeojson"|"clusters"|"city"|"districts"|"base"|"news"|"route"|"places"|"uploads"|"resumable"|"serviceWorker"|"health", string>} urls
 * @property {Record<"icons"|"mapIcons", string>} files sheets of SVG symbols
 * @property {MapSettings} map
 * @property {{photos: number, videos: number, photoBytes: number, videoBytes: number, videoSeconds: number, resumableBytes: number, parts: {least: number, most: number}}} limits of what is sent with a form; larger files than `resumableBytes` go in parts
 */

/**
 * The JSON of a `<script type="application/json">` block; throws if the page has none with that id.
 * @param {string} id
 * @returns {any}
 */
export function jsonBlock(id) {
  const block = document.getElementById(id);
  if (!block?.textContent) throw new Error(`the page has no JSON block #${id}`);
  return JSON.parse(block.textContent);
}

/**
 * Those of the page; in the service worker those of its release, which are what sending needs.
 * @type {Settings}
 */
export const settings =
  typeof document === "undefined" ? /** @type {any} */ (self).RELEASE.settings : jsonBlock("site-settings");

/**
 * URL of an appeal's public page.
 * @param {number | string} number
 */
export const appealUrl = (number) => settings.urls.appeal.replace("/0/", `/${number}/`);

/**
 * URL of the author's own page.
 * @param {string} secret
 */
export const followUrl = (secret) => settings.urls.follow.replace("/0/", `/${secret}/`);

const NO_ONE = "00000000-0000-0000-0000-000000000000";

/**
 * Address of an appeal with all that its public page says, as GeoJSON.
 * @param {string} id
 */
export const featureUrl = (id) => settings.urls.feature.replace(NO_ONE, id);
