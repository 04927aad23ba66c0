/**
 * Merges overlapping marks into one bubble, without asking the server: the map stays calm whatever the size of the
 * server's cells.
 */

import { STATUSES } from "city/map/palette.js";

/** @typedef {import("geojson").Feature} Feature */
/** @typedef {import("geojson").FeatureCollection} FeatureCollection */

/** Distance in pixels at which two marks merge: zoomed out the map is about quantity, zoomed in about places. */
const REACH_FAR_PX = 54;
const REACH_NEAR_PX = 28;
const NEAR_ZOOM = 14.5;
/** From this zoom on every pin is visible; the card separates those at one address. */
const EVERY_PIN_ZOOM = 17;
/** Pixels of the whole world at zoom 0. */
const WORLD_PX = 512;

/**
 * The marks to draw, and the members of each bubble: its property `group` is the index in `groups`.
 * @param {FeatureCollection} collection
 * @param {number} zoom
 * @returns {{shown: FeatureCollection, groups: Feature[][]}}
 */
export function gathered({ features }, zoom) {
  if (zoom >= EVERY_PIN_ZOOM) return { shown: { type: "FeatureCollection", features }, groups: [] };
  const reach = zoom < NEAR_ZOOM ? REACH_FAR_PX : REACH_NEAR_PX;
  // Largest first: a lone pin joins the crowd beside it, not the other way round.
  const marks = features
    .map((feature) => ({ feature, at: pixels(feature, zoom), count: countOf(feature), taken: false }))
    .sort((a, b) => b.count - a.count);
  /** @type {Feature[]} */
  const shown = [];
  /** @type {Feature[][]} */
  const groups = [];
  for (const mark of marks) {
    if (mark.taken) continue;
    const near = marks.filter((other) => !other.taken && Math.hypot(other.at[0] - mark.at[0], other.at[1] - mark.at[1]) <= reach);
    for (const other of near) other.taken = true;
    const members = near.map((other) => other.feature);
    if (members.length === 1) shown.push(mark.feature);
    else shown.push(bubble(members, groups.push(members) - 1));
  }
  return { shown: { type: "FeatureCollection", features: shown }, groups };
}

/**
 * West, south, east, north of a bubble's members.
 * @param {Feature[]} members
 * @returns {[number, number, number, number]}
 */
export function extentOf(members) {
  const places = members.map(place);
  const lons = places.map(([lon]) => lon);
  const lats = places.map(([, lat]) => lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

/** @param {Feature} feature */
const countOf = ({ properties }) => (properties?.kind === "cell" ? Number(properties.count) : 1);

/** @param {Feature} feature @returns {[number, number]} */
function place({ geometry }) {
  const [lon = 0, lat = 0] = geometry.type === "Point" ? geometry.coordinates : [];
  return [lon, lat];
}

/**
 * @param {Feature} feature
 * @param {number} zoom
 * @returns {[number, number]}
 */
function pixels(feature, zoom) {
  const [lon, lat] = place(feature);
  const degree = (WORLD_PX * 2 ** zoom) / 360;
  return [lon * degree, (lat * degree) / Math.cos((lat * Math.PI) / 180)];
}

/**
 * @param {Feature[]} members
 * @param {number} group
 * @returns {Feature}
 */
function bubble(members, group) {
  const total = members.reduce((sum, member) => sum + countOf(member), 0);
  const mean = (/** @type {0 | 1} */ axis) =>
    members.reduce((sum, member) => sum + place(member)[axis] * countOf(member), 0) / total;
  const statuses = STATUSES.map((status) => [status, members.reduce((sum, { properties }) => sum + ofStatus(properties, status), 0)]);
  const overdue = members.reduce((sum, { properties }) => sum + Number(properties?.overdue ?? 0), 0);
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates: [mean(0), mean(1)] },
    properties: { kind: "cell", count: total, group, overdue, ...Object.fromEntries(statuses) },
  };
}

/**
 * @param {import("geojson").GeoJsonProperties} properties
 * @param {string} status
 */
function ofStatus(properties, status) {
  if (properties?.kind === "cell") return Number(properties[status] ?? 0);
  return properties?.status === status ? 1 : 0;
}
