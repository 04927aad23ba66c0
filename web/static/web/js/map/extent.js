/** The part of the world covered by a request for appeals. */

import { settings } from "city/site/settings.js";

/** @typedef {[number, number, number, number]} Box west, south, east, north */

// A degree of latitude is longer on the map than one of longitude; one factor per city keeps the grid fixed.
const LATITUDE_FACTOR = Math.cos((settings.map.center[1] * Math.PI) / 180);

/**
 * The map's frame, expanded to a grid of half tiles: small moves fetch nothing new, and readers of the same quarter
 * share the server's response.
 * @param {Box} box
 * @param {number} zoom
 * @returns {Box}
 */
export function snapped([west, south, east, north], zoom) {
  const step = 360 / 2 ** (Math.floor(zoom) + 1);
  const stepLat = step * LATITUDE_FACTOR;
  const down = (/** @type {number} */ value, /** @type {number} */ size) => Math.floor(value / size) * size;
  const up = (/** @type {number} */ value, /** @type {number} */ size) => Math.ceil(value / size) * size;
  return [
    Math.max(-180, down(west, step)),
    Math.max(-85, down(south, stepLat)),
    Math.min(180, up(east, step)),
    Math.min(85, up(north, stepLat)),
  ];
}

/**
 * True within the rectangle around the city.
 * @param {number} lon
 * @param {number} lat
 */
export function inCity(lon, lat) {
  const [west, south, east, north] = settings.map.bounds;
  return west <= lon && lon <= east && south <= lat && lat <= north;
}

/**
 * A pair as phones and maps show it: latitude first. The server parses and checks it the same way.
 * @param {string} text
 * @returns {import("city/map/spot.js").Spot | undefined} undefined for any other text, and for what is nowhere on Earth
 */
export function readSpot(text) {
  const match = text.match(/^\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*$/);
  if (!match) return undefined;
  const [first, second] = [Number(match[1]), Number(match[2])];
  const swapped = !inCity(second, first) && inCity(first, second);
  return spotAt(...(/** @type {[number, number]} */ (swapped ? [first, second] : [second, first])));
}

/**
 * The place at these degrees; undefined where they are none, at which a map could only fail.
 * @param {number} lon
 * @param {number} lat
 * @returns {import("city/map/spot.js").Spot | undefined}
 */
export const spotAt = (lon, lat) => (Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? { lon, lat } : undefined);

/**
 * The smallest box with all of the positions (lon, lat) in it.
 * @param {number[][]} positions
 * @returns {Box}
 */
export function around(positions) {
  const [lons, lats] = [positions.map(([lon = 0]) => lon), positions.map(([, lat = 0]) => lat)];
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

/** @param {Box} box */
export const bboxText = (box) => box.map((value) => String(Number(value.toFixed(5)))).join(",");

/**
 * @param {import("maplibre-gl").Map} map
 * @returns {Box}
 */
export function frameOf(map) {
  const bounds = map.getBounds();
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
}
