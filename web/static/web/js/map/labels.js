/** Where to write a polygon's name: one point inside it, however the map is cut into tiles. */

/** @typedef {import("geojson").Position} Position */
/** @typedef {import("geojson").Position[]} Ring */

const ROWS = 24;

/**
 * The middle of the widest free stretch of the polygon, preferring the middle latitudes; lon, lat.
 * @param {import("geojson").Polygon | import("geojson").MultiPolygon} geometry
 * @returns {Position}
 */
export function labelPoint(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const rings = largest(polygons);
  const lats = (rings[0] ?? []).map((position) => position[1] ?? 0);
  const south = Math.min(...lats);
  const north = Math.max(...lats);
  let best = { worth: -1, lon: rings[0]?.[0]?.[0] ?? 0, lat: (south + north) / 2 };
  for (let row = 1; row < ROWS; row++) {
    const lat = south + ((north - south) * row) / ROWS;
    const crossings = rings.flatMap((ring) => crossingsAt(ring, lat)).sort((a, b) => a - b);
    const centrality = 1 - Math.abs(row / ROWS - 0.5);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [west, east] = [crossings[i] ?? 0, crossings[i + 1] ?? 0];
      const worth = (east - west) * centrality;
      if (worth > best.worth) best = { worth, lon: (west + east) / 2, lat };
    }
  }
  return [best.lon, best.lat];
}

/** @param {Ring[][]} polygons */
function largest(polygons) {
  const area = (/** @type {Ring[]} */ rings) => Math.abs(signedArea(rings[0] ?? []));
  return polygons.reduce((a, b) => (area(b) > area(a) ? b : a), polygons[0] ?? []);
}

/** @param {Ring} ring */
function signedArea(ring) {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) {
    const [a, b] = [ring[i], ring[i + 1]];
    if (a && b) sum += (a[0] ?? 0) * (b[1] ?? 0) - (b[0] ?? 0) * (a[1] ?? 0);
  }
  return sum / 2;
}

/**
 * @param {Ring} ring
 * @param {number} lat
 */
function crossingsAt(ring, lat) {
  const lons = [];
  for (let i = 0; i + 1 < ring.length; i++) {
    const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = [ring[i], ring[i + 1]];
    if (y1 > lat !== y2 > lat) lons.push(x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1));
  }
  return lons;
}

/**
 * A point feature with the same properties for each polygon that has a name.
 * @param {import("geojson").FeatureCollection} collection
 * @param {(properties: Record<string, unknown>) => boolean} wanted
 * @returns {import("geojson").FeatureCollection}
 */
export function labelPoints(collection, wanted) {
  /** @type {import("geojson").Feature[]} */
  const features = [];
  for (const { geometry, properties } of collection.features) {
    const isPolygon = geometry?.type === "Polygon" || geometry?.type === "MultiPolygon";
    if (isPolygon && properties && wanted(properties)) {
      features.push({ type: "Feature", properties, geometry: { type: "Point", coordinates: labelPoint(geometry) } });
    }
  }
  return { type: "FeatureCollection", features };
}
