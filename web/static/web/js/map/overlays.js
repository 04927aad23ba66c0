/** The layers that modes add to the base map: bubbles, pins and heat of appeals, or a single pin. */

import { STATUSES } from "city/map/palette.js";
import { formatCompact } from "city/site/texts.js";
import { overdueParts, partsOf } from "city/map/symbols.js";

/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("city/map/view.js").Overlay} Overlay */
/** @typedef {import("city/map/palette.js").Palette} Palette */
/** @typedef {import("geojson").FeatureCollection} FeatureCollection */

export const APPEALS = "appeals";
export const HEAT = "heat";
export const WORKS = "works";
export const PIN_LAYER = "appeal-pin";
export const CELL_LAYER = "appeal-cell";
export const HEAT_LAYER = "appeal-heat";
export const CHOSEN_LAYER = "appeal-chosen";
const WORKS_POINT_LAYER = "works-point";
/** All that is drawn of works, and what of it can be pressed. */
export const WORKS_LAYERS = ["works-fill", "works-line", WORKS_POINT_LAYER];
export const WORKS_PRESSED = ["works-fill", WORKS_POINT_LAYER];

/**
 * Areas, in the colour of works if no other is given: filled below the names on the map, with an outline that is no border of the city.
 * @param {string} source
 * @param {Palette} colours
 * @param {string} [colour]
 * @param {number} [opacity] of the filling
 * @returns {Layer[]}
 */
export const areaLayers = (source, colours, colour = colours.works, opacity = 0.3) => [
  { id: `${source}-fill`, type: "fill", source, paint: { "fill-color": colour, "fill-opacity": opacity } },
  {
    id: `${source}-line`,
    type: "line",
    source,
    layout: { "line-join": "round", "line-cap": "round" },
    paint: { "line-color": colour, "line-width": 2.5 },
  },
];

/** @type {Overlay} */
export const browseOverlay = {
  sources: [APPEALS, HEAT, WORKS],
  hidden: [HEAT_LAYER],
  ground: (colours) => [
    ...areaLayers(WORKS, colours),
    {
      id: WORKS_POINT_LAYER,
      type: "circle",
      source: WORKS,
      filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 9, "circle-color": colours.works, "circle-opacity": 0.5, "circle-stroke-color": colours.works, "circle-stroke-width": 2.5 },
    },
    {
      id: HEAT_LAYER,
      type: "heatmap",
      source: HEAT,
      paint: {
        "heatmap-weight": ["get", "weight"],
        "heatmap-intensity": 1,
        "heatmap-radius": ["interpolate", ["linear"], ["zoom"], 9, 44, 12, 68, 17, 96],
        "heatmap-opacity": 0.8,
        // Viridis, reversed in light mode: dark is dense there, bright is dense in dark mode; needs no red-green vision.
        "heatmap-color": colours.dark
          ? ["interpolate", ["linear"], ["heatmap-density"], 0, "rgba(68,1,84,0)", 0.15, "#46327e", 0.35, "#365c8d", 0.55, "#277f8e", 0.75, "#4ac16d", 1, "#fde725"]
          : ["interpolate", ["linear"], ["heatmap-density"], 0, "rgba(255,247,188,0)", 0.15, "#fee391", 0.35, "#fec44f", 0.55, "#f07a1c", 0.75, "#c4361a", 1, "#7a0a1f"],
      },
    },
  ],
  layers: (colours, fonts) => [
    {
      id: CELL_LAYER,
      type: "symbol",
      source: APPEALS,
      filter: ["==", ["get", "mark"], "bubble"],
      layout: {
        "icon-image": ["get", "picture"],
        // By area, as the eye compares: four times the appeals are twice as wide.
        "icon-size": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1.4, 0.5, 3, 0.56, 8, 0.86, 16, 1.15, 40, 1.4],
        "icon-allow-overlap": true,
        "text-field": ["get", "label"],
        "text-font": fonts.bold,
        "text-size": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1, 11, 12, 12.5, 40, 15],
        "text-allow-overlap": true,
        // Names on the map make room.
        "icon-ignore-placement": false,
        "text-ignore-placement": false,
        // Small bubbles first, so that large ones are on top.
        "symbol-sort-key": ["get", "count"],
      },
      paint: { "text-color": colours.bubbleText },
    },
    {
      id: PIN_LAYER,
      type: "symbol",
      source: APPEALS,
      filter: ["==", ["get", "mark"], "pin"],
      layout: {
        "icon-image": ["get", "picture"],
        // Finished appeals go behind open ones.
        "icon-size": [
          "interpolate", ["linear"], ["zoom"],
          11, ["match", ["get", "status"], "closed", 0.58, 0.72],
          15, ["match", ["get", "status"], "closed", 0.74, 1],
        ],
        "icon-allow-overlap": true,
        // A pin is small enough to overlap a name; only bubbles push names away.
        "icon-ignore-placement": true,
        "symbol-sort-key": ["get", "rank"],
      },
    },
    {
      id: CHOSEN_LAYER,
      type: "symbol",
      source: APPEALS,
      filter: ["==", ["get", "number"], -1],
      layout: { "icon-image": ["concat", ["get", "picture"], "|chosen"], "icon-allow-overlap": true },
    },
  ],
};

export const SPOT = "spot";
export const AREA = "area";
/** Within which a phone places its owner. */
export const ACCURACY = "accuracy";

/**
 * One pin in the colour of a status (an appeal's page), or in the page's accent (news, the form); or an area; or the circle
 * around a pin.
 * @type {Overlay}
 */
export const spotOverlay = {
  sources: [SPOT, AREA, ACCURACY],
  hidden: [],
  ground: (colours) => [...areaLayers(AREA, colours), ...areaLayers(ACCURACY, colours, colours.accent, 0.15)],
  layers: () => [
    {
      id: SPOT,
      type: "symbol",
      source: SPOT,
      layout: { "icon-image": ["get", "picture"], "icon-allow-overlap": true },
    },
  ],
};

/**
 * The features with the properties the layers need. A cell with a single appeal looks like that appeal.
 * @param {FeatureCollection} collection
 * @returns {FeatureCollection}
 */
export function drawable(collection) {
  return {
    type: "FeatureCollection",
    features: collection.features.map((feature) => {
      const given = feature.properties ?? {};
      const count = given.kind === "cell" ? Number(given.count) : 1;
      const status = given.status ?? STATUSES.find((one) => Number(given[one]) > 0);
      const overdue = Number(given.overdue ?? 0);
      const drawn =
        count > 1
          ? { mark: "bubble", picture: `cell|${partsOf(given).join(".")}|${overdueParts(overdue, count)}`, label: formatCompact(count) }
          : {
              mark: "pin",
              status,
              picture: `pin|${overdue ? "overdue" : status}`,
              count,
              rank: overdue ? STATUSES.length + 1 : STATUSES.length - STATUSES.indexOf(status),
            };
      return { ...feature, properties: { ...given, ...drawn } };
    }),
  };
}

/**
 * The same features as heat map weights: the square root of the count, relative to the densest cell, so that one hot
 * spot does not make all others look cold.
 * @param {FeatureCollection} collection
 * @returns {FeatureCollection}
 */
export function heatable(collection) {
  const counts = collection.features.map((feature) => Number(feature.properties?.count ?? 1));
  const most = Math.max(1, ...counts);
  return {
    type: "FeatureCollection",
    features: collection.features.map((feature, at) => ({
      type: "Feature",
      geometry: feature.geometry,
      properties: { weight: Math.sqrt((counts[at] ?? 1) / most) },
    })),
  };
}
