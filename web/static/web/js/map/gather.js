/** Pins that would lie on each other become one bubble, without asking the server: it has sent each of them. */

/** @typedef {import("geojson").Feature} Feature */
/** @typedef {import("geojson").FeatureCollection} FeatureCollection */

const REACH_PX = 26;
/** From here on the reader sees every pin there is; those at one address are told apart by the card. */
const EVERY_PIN_ZOOM = 17;
/** Pixels of the whole world at zoom 0. */
const WORLD_PX = 512;

/**
 * Bubbles and lone pins in place of crowded pins, and the members of each bubble: its property `group` is the place in
 * `groups`. Cells that the server made stay as they are.
 * @param {FeatureCollection} collection
 * @param {number} zoom
 * @returns {{shown: FeatureCollection, groups: Feature[][]}}
 */
export function gathered(collection, zoom) {
  const pins = collection.features.filter((feature) => feature.properties?.kind === "appeal");
  if (zoom >= EVERY_PIN_ZOOM || pins.length < 2) return { shown: collection, groups: [] };
  const rest = collection.features.filter((feature) => feature.properties?.kind !== "appeal");
  const spots = pins.map((pin) => pixels(pin, zoom));
  const taken = new Array(pins.length).fill(false);
  /** @type {Feature[]} */
  const features = [...rest];
  /** @type {Feature[][]} */
  const groups = [];
  pins.forEach((pin, at) => {
    if (taken[at]) return;
    const near = pins.filter((_pin, other) => {
      if (taken[other] || distance(spots[at], spots[other]) > REACH_PX) return false;
      taken[other] = true;
      return true;
    });
    if (near.length === 1) features.push(pin);
    else features.push(bubble(near, groups.push(near) - 1));
  });
  return { shown: { type: "FeatureCollection", features }, groups };
}

/**
 * West, south, east, north of the members of a bubble.
 * @param {Feature[]} members
 * @returns {[number, number, number, number]}
 */
export function extentOf(members) {
  const places = members.map(place);
  const lons = places.map(([lon]) => lon);
  const lats = places.map(([, lat]) => lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

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
 * @param {[number, number] | undefined} a
 * @param {[number, number] | undefined} b
 */
const distance = (a, b) => (a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : Infinity);

/**
 * @param {Feature[]} members
 * @param {number} group
 * @returns {Feature}
 */
function bubble(members, group) {
  /** @type {Record<string, number>} */
  const statuses = {};
  for (const { properties } of members) statuses[properties?.status] = (statuses[properties?.status] ?? 0) + 1;
  const mean = (/** @type {0 | 1} */ axis) => members.reduce((sum, member) => sum + place(member)[axis], 0) / members.length;
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates: [mean(0), mean(1)] },
    properties: { kind: "cell", count: members.length, group, ...statuses },
  };
}
