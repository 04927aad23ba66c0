/**
 * The city's own map: a MapLibre style that uses only the base layer, so that the map looks like a city without any
 * base-map or glyph server.
 */

/** @typedef {import("maplibre-gl").StyleSpecification} Style */
/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("maplibre-gl").ExpressionSpecification} Expression */
/** @typedef {import("maplibre-gl").FilterSpecification} Filter */
/** @typedef {import("city/map/palette.js").Palette} Palette */
/** @typedef {import("city/map/fonts.js").FontStacks} FontStacks */

/** @type {import("geojson").FeatureCollection} */
const NOTHING = { type: "FeatureCollection", features: [] };

/**
 * An empty GeoJSON source.
 * @returns {import("maplibre-gl").GeoJSONSourceSpecification}
 */
export const emptySource = () => ({ type: "geojson", data: NOTHING });

/**
 * The name in the reader's language, else in any other.
 * @param {string} language
 * @returns {Expression}
 */
export function nameIn(language) {
  const order = [language, "ky", "ru", "en"].filter((code, at, all) => all.indexOf(code) === at);
  /** @type {unknown[]} */
  const cases = order.flatMap((code) => {
    const name = ["coalesce", ["get", `name_${code}`], ""];
    return [["!=", name, ""], name];
  });
  return /** @type {Expression} */ (/** @type {unknown} */ (["case", ...cases, ["coalesce", ["get", "name"], ""]]));
}

/**
 * @param {string} layer
 * @param {...string} classes
 * @returns {Filter}
 */
function of(layer, ...classes) {
  const isLayer = ["==", ["get", "layer"], layer];
  const filter = classes.length ? ["all", isLayer, ["in", ["get", "class"], ["literal", classes]]] : isLayer;
  return /** @type {Filter} */ (/** @type {unknown} */ (filter));
}

/**
 * Width in pixels that grows with the zoom like the street itself.
 * @param {...number} stops zoom, width, zoom, width …
 * @returns {Expression}
 */
const widths = (...stops) => /** @type {Expression} */ (["interpolate", ["exponential", 1.55], ["zoom"], ...stops]);

/** @type {Record<string, {minzoom: number, fill: number[], casing: number}>} */
const STREETS = {
  minor: { minzoom: 12.2, fill: [12.2, 0.3, 13.4, 0.8, 16, 4, 19, 16], casing: 1 },
  residential: { minzoom: 11.8, fill: [11.8, 0.4, 13.4, 1.2, 16, 5.5, 19, 22], casing: 1 },
  tertiary: { minzoom: 11, fill: [11, 0.7, 14, 3, 16, 8, 19, 30], casing: 1.2 },
  secondary: { minzoom: 10, fill: [10, 0.9, 14, 4.2, 16, 10, 19, 36], casing: 1.4 },
  primary: { minzoom: 9, fill: [9, 1, 12, 2.4, 14, 5.6, 16, 13, 19, 44], casing: 1.5 },
};

/** Drawn from the smallest street to the largest, all casings first, so that crossings look joined. */
const STREET_ORDER = ["minor", "residential", "tertiary", "secondary", "primary"];

/**
 * @param {Palette} colours
 * @returns {Layer[]}
 */
function streetLayers(colours) {
  const colour = (/** @type {string} */ kind) =>
    kind === "primary" ? colours.streetMain : kind === "secondary" || kind === "tertiary" ? colours.street : colours.lane;
  const line = (/** @type {string} */ kind, /** @type {boolean} */ casing) => {
    const { minzoom, fill, casing: extra } = STREETS[kind] ?? { minzoom: 0, fill: [], casing: 0 };
    const stops = casing ? fill.map((value, at) => (at % 2 ? value + extra * 1.6 : value)) : fill;
    const edge = kind === "primary" ? colours.casingMain : colours.casing;
    return /** @type {Layer} */ ({
      id: `street-${kind}${casing ? "-casing" : ""}`,
      type: "line",
      source: "base",
      minzoom,
      filter: of("street", kind),
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": casing ? edge : colour(kind), "line-width": widths(...stops) },
    });
  };
  return [...STREET_ORDER.map((kind) => line(kind, true)), ...STREET_ORDER.map((kind) => line(kind, false))];
}

/**
 * @param {Palette} colours
 * @returns {Layer[]}
 */
function groundLayers(colours) {
  return [
    { id: "ground", type: "background", paint: { "background-color": colours.ground } },
    {
      id: "city",
      type: "fill",
      source: "districts",
      filter: ["==", ["get", "kind"], "city"],
      paint: { "fill-color": colours.city, "fill-antialias": false },
    },
    {
      id: "block",
      type: "fill",
      source: "base",
      filter: of("block"),
      paint: {
        "fill-color": [
          "match", ["get", "class"],
          "hospital", colours.care,
          "education", colours.civic,
          "market", colours.market,
          "stadium", colours.park,
          "cemetery", colours.grave,
          ["industry", "airport", "station"], colours.industry,
          colours.built,
        ],
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 10, 0.55, 12.5, 1],
      },
    },
    { id: "park", type: "fill", source: "base", filter: of("park"), paint: { "fill-color": colours.park } },
    { id: "hill", type: "fill", source: "base", filter: of("hill"), paint: { "fill-color": colours.hill } },
    // Hachures would suggest heights that the layer does not have; a double edge only says "rises here".
    {
      id: "hill-foot",
      type: "line",
      source: "base",
      filter: of("hill"),
      paint: {
        "line-color": colours.hillEdge,
        "line-width": widths(10, 2, 15, 9),
        "line-offset": widths(10, 1, 15, 4.5),
        "line-opacity": 0.35,
        "line-blur": widths(10, 1, 15, 5),
      },
    },
    {
      id: "canal",
      type: "line",
      source: "base",
      filter: of("canal"),
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colours.canal, "line-width": widths(10, 0.8, 13, 1.8, 16, 5, 19, 18) },
    },
    { id: "river", type: "fill", source: "base", filter: of("river"), paint: { "fill-color": colours.water } },
    // A 34 m river is a hairline at city zoom: drawing its bank keeps it visible.
    {
      id: "river-bank",
      type: "line",
      source: "base",
      filter: of("river"),
      layout: { "line-join": "round" },
      paint: { "line-color": colours.water, "line-width": widths(9, 1.4, 13, 2.6, 16, 2, 19, 1) },
    },
  ];
}

/**
 * @param {Palette} colours
 * @param {FontStacks} fonts
 * @param {string} language
 * @returns {Layer[]}
 */
function labelLayers(colours, fonts, language) {
  const name = nameIn(language);
  const halo = { "text-halo-color": colours.halo, "text-halo-width": 1.4, "text-halo-blur": 0.4 };
  const street = (/** @type {string} */ id, /** @type {string[]} */ kinds, /** @type {number} */ minzoom, /** @type {Expression} */ size) =>
    /** @type {Layer} */ ({
      id,
      type: "symbol",
      source: "base",
      minzoom,
      filter: of("street", ...kinds),
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 320,
        "text-field": name,
        "text-font": fonts.regular,
        "text-size": size,
        "text-letter-spacing": 0.02,
        "text-max-angle": 32,
        "text-padding": 6,
      },
      paint: { "text-color": colours.textSoft, ...halo },
    });
  return [
    street("street-lane-name", ["residential", "minor"], 15.2, ["interpolate", ["linear"], ["zoom"], 15, 10.5, 18, 13]),
    street("street-small-name", ["tertiary", "secondary"], 13.6, ["interpolate", ["linear"], ["zoom"], 13.6, 10.5, 17, 13.5]),
    street("street-main-name", ["primary"], 12.4, ["interpolate", ["linear"], ["zoom"], 12.4, 10.5, 17, 14.5]),
    {
      id: "canal-name",
      type: "symbol",
      source: "base",
      minzoom: 13.4,
      filter: of("canal"),
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 420,
        "text-field": name,
        "text-font": fonts.italic,
        "text-size": 11.5,
      },
      paint: { "text-color": colours.textWater, ...halo },
    },
    {
      id: "river-name",
      type: "symbol",
      source: "base",
      minzoom: 11.6,
      filter: of("river"),
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 480,
        "text-field": name,
        "text-font": fonts.italic,
        "text-size": ["interpolate", ["linear"], ["zoom"], 11, 11.5, 16, 15],
        "text-letter-spacing": 0.12,
        "text-max-angle": 30,
      },
      paint: { "text-color": colours.textWater, ...halo },
    },
    {
      id: "landmark",
      type: "symbol",
      source: "base",
      minzoom: 13.7,
      filter: of("landmark"),
      layout: {
        "icon-image": ["concat", "landmark|", ["get", "class"]],
        "icon-size": ["interpolate", ["linear"], ["zoom"], 13.7, 0.7, 17, 1],
        "text-field": ["step", ["zoom"], "", 14.6, name],
        "text-font": fonts.regular,
        "text-size": ["interpolate", ["linear"], ["zoom"], 14.6, 10.5, 18, 13],
        "text-anchor": "top",
        "text-offset": [0, 0.85],
        "text-max-width": 9,
        "text-optional": true,
        "icon-padding": 6,
        "symbol-sort-key": ["match", ["get", "class"], ["office", "station", "airport"], 0, ["market", "stadium", "university"], 1, 2],
      },
      paint: { "text-color": colours.landmark, ...halo },
    },
    {
      id: "area-name",
      type: "symbol",
      source: "area-labels",
      minzoom: 12.4,
      layout: {
        "text-field": name,
        "text-font": fonts.italic,
        "text-size": ["interpolate", ["linear"], ["zoom"], 12, 11, 16, 14.5],
        "text-max-width": 8,
      },
      paint: {
        "text-color": ["match", ["get", "layer"], "park", colours.textPark, "hill", colours.textHill, colours.textSoft],
        ...halo,
      },
    },
    {
      id: "place-name",
      type: "symbol",
      source: "base",
      minzoom: 11.6,
      maxzoom: 16.5,
      filter: of("place"),
      layout: {
        "text-field": name,
        "text-font": fonts.medium,
        "text-size": ["interpolate", ["linear"], ["zoom"], 11.6, 11, 15, 14.5],
        "text-max-width": 8,
        "text-padding": 8,
        "symbol-sort-key": ["match", ["get", "class"], "village", 0, 1],
      },
      paint: { "text-color": colours.text, ...halo, "text-halo-width": 1.7 },
    },
  ];
}

/**
 * Borders of the territories, and their names when `named`.
 * @param {Palette} colours
 * @param {FontStacks} fonts
 * @param {string} language
 * @returns {Layer[]}
 */
export function districtLayers(colours, fonts, language) {
  return [
    {
      id: "district-line",
      type: "line",
      source: "districts",
      filter: ["!=", ["get", "kind"], "city"],
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.border,
        "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.8, 16, 2.2],
        "line-dasharray": [3, 2.2],
        "line-opacity": 0.6,
      },
    },
    {
      id: "city-edge",
      type: "line",
      source: "districts",
      filter: ["==", ["get", "kind"], "city"],
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.cityEdge,
        "line-width": ["interpolate", ["linear"], ["zoom"], 9, 1, 16, 2.6],
        "line-opacity": 0.55,
      },
    },
    {
      id: "district-name",
      type: "symbol",
      source: "district-labels",
      maxzoom: 15,
      layout: {
        "text-field": nameIn(language),
        "text-font": fonts.bold,
        "text-size": ["interpolate", ["linear"], ["zoom"], 9.5, 10.5, 12, 13, 14.5, 18],
        "text-max-width": 10,
        "text-letter-spacing": 0.02,
        "text-padding": 4,
      },
      paint: {
        "text-color": colours.textDistrict,
        "text-halo-color": colours.halo,
        "text-halo-width": 2,
        "text-halo-blur": 0.5,
        "text-opacity": ["interpolate", ["linear"], ["zoom"], 14, 1, 15, 0],
      },
    },
  ];
}

/**
 * The whole of the city's own map.
 * @param {Palette} colours
 * @param {FontStacks} fonts
 * @param {string} language
 * @returns {Style}
 */
export function ownStyle(colours, fonts, language) {
  return {
    version: 8,
    sources: { base: emptySource(), districts: emptySource(), "area-labels": emptySource() },
    layers: [...groundLayers(colours), ...streetLayers(colours), ...labelLayers(colours, fonts, language)],
  };
}
