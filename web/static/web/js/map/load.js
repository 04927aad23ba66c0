/** MapLibre GL JS, loaded when the first map on a page needs it. */

import { settings } from "city/site/settings.js";

/** @typedef {typeof import("maplibre-gl")} MapLibre */

/** The browser or the device cannot draw the map. */
export class NoWebGL extends Error {
  /** @override */
  name = "NoWebGL";
}

/** @type {Promise<MapLibre> | undefined} */
let loading;

/** @returns {Promise<MapLibre>} */
export function loadMapLibre() {
  loading ??= begin().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function begin() {
  if (!hasWebGL()) throw new NoWebGL();
  const [maplibre] = await Promise.all([import("maplibre-gl"), stylesheet(settings.map.css)]);
  maplibre.setWorkerUrl(new URL(settings.map.worker, location.href).href);
  return maplibre;
}

function hasWebGL() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

/**
 * @param {string} href
 * @returns {Promise<void>}
 */
function stylesheet(href) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = () => resolve();
    link.onerror = () => reject(new Error(`${href} could not be loaded`));
    // First in <head>, so that the site's own rules for the map's controls win.
    document.head.prepend(link);
  });
}
