/** The still picture of the city, which shows what the map shows at first, pixel for pixel. */

import { settings } from "city/site/settings.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

/** Levels of zoom by which the map comes closer to where the picture was touched: it is too small to point with. */
export const CLOSER = 2.5;

/** Pixels of the world at zoom 0, as MapLibre counts. */
const WORLD_PX = 512;

/**
 * The place under a point of the picture, whose middle is the city's centre.
 * @param {HTMLElement} picture
 * @param {{clientX: number, clientY: number}} point
 * @returns {Spot}
 */
export function spotOnStill(picture, { clientX, clientY }) {
  const frame = picture.getBoundingClientRect();
  const world = WORLD_PX * 2 ** settings.map.zoom;
  const [lon, lat] = settings.map.center;
  const east = (clientX - frame.left - frame.width / 2) / world;
  const south = (clientY - frame.top - frame.height / 2) / world;
  // The Mercator projection, and back.
  const northing = Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) - south * 2 * Math.PI;
  return { lon: lon + east * 360, lat: (Math.atan(Math.exp(northing)) * 360) / Math.PI - 90 };
}
