/** One pin on the map: fixed (an appeal, news), or placed by the reader (the form). */

import { el } from "city/site/dom.js";
import { t } from "city/site/texts.js";
import { around, inCity } from "city/map/extent.js";
import { ACCURACY, AREA, SPOT } from "city/map/overlays.js";

/** @typedef {import("city/map/view.js").MapView} MapView */
/** @typedef {{lon: number, lat: number}} Spot degrees */

/** @typedef {import("geojson").Position} Position */

/**
 * A fixed pin in the colour of the status ("overdue" too), or of the page's accent; with the places of answers that belong to
 * it, by the mark of each, the map shows all of them.
 * @param {MapView} view
 * @param {Spot} spot
 * @param {string} status
 * @param {Record<string, Position[]>} [marked]
 */
export function showSpot(view, { lon, lat }, status, marked = {}) {
  const marks = Object.entries(marked).flatMap(([mark, places]) => places.map((place) => pin(place, `answer|${mark}`)));
  view.put(SPOT, { type: "FeatureCollection", features: [...marks, pin([lon, lat], `pin|${status || "accent"}|chosen`)] });
  if (marks.length) showAround(view, [...Object.values(marked).flat(), [lon, lat]]);
}

/**
 * @param {Position} coordinates
 * @param {string} picture
 * @returns {import("geojson").Feature}
 */
const pin = (coordinates, picture) => ({ type: "Feature", properties: { picture }, geometry: { type: "Point", coordinates } });

/**
 * @param {MapView} view
 * @param {Position[]} places
 */
function showAround({ map }, places) {
  // The sources of the map take several lines on a phone; the buttons are beside them.
  const sources = map.getContainer().querySelector(".maplibregl-ctrl-attrib")?.clientHeight ?? 0;
  map.fitBounds(around(places), { padding: { top: 28, right: 72, bottom: sources + 28, left: 28 }, maxZoom: 16.5, animate: false });
}

/**
 * A fixed area, or pins at several places, and the map moved there.
 * @param {MapView} view
 * @param {import("geojson").Polygon | import("geojson").MultiPolygon | import("geojson").MultiPoint} geometry
 */
export function showArea(view, geometry) {
  if (geometry.type === "MultiPoint") {
    view.put(SPOT, { type: "FeatureCollection", features: geometry.coordinates.map((place) => pin(place, "pin|accent")) });
  } else view.put(AREA, { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry }] });
  showAround(view, cornersOf(geometry));
}

/** @param {import("geojson").Polygon | import("geojson").MultiPolygon | import("geojson").MultiPoint} geometry */
function cornersOf(geometry) {
  if (geometry.type === "MultiPoint") return geometry.coordinates;
  return (geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat()).flat();
}

/** Corners of a circle: more than a phone can show. */
const CORNERS = 64;
const METRES_PER_DEGREE = 111_195;

/**
 * The ring of a circle, closed, in degrees.
 * @param {Spot} middle
 * @param {number} radiusM metres
 */
function circleAround({ lon, lat }, radiusM) {
  const north = radiusM / METRES_PER_DEGREE;
  const east = north / Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: CORNERS + 1 }, (_, corner) => {
    const turn = ((corner % CORNERS) / CORNERS) * 2 * Math.PI;
    return [lon + east * Math.cos(turn), lat + north * Math.sin(turn)];
  });
}

/** The reader places the pin: a tap, a drag, or Enter for the centre of the map. */
export class PickMode {
  #view;
  #host;
  /** @type {import("maplibre-gl").Marker | undefined} */
  #marker;

  /**
   * @param {MapView} view
   * @param {HTMLElement} host
   */
  constructor(view, host) {
    this.#view = view;
    this.#host = host;
    const { map } = view;
    host.append(el("div", { className: "map-cross", "aria-hidden": "true" }));
    map.getCanvas().style.cursor = "crosshair";
    map.on("click", ({ lngLat }) => this.#picked({ lon: lngLat.lng, lat: lngLat.lat }));
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      const middle = map.getCenter();
      this.#picked({ lon: middle.lng, lat: middle.lat });
    });
  }

  /**
   * Moves the pin without notifying anybody; undefined removes it.
   * @param {Spot | undefined} spot
   * @param {boolean} follow move the map there too
   * @param {number} [accuracyM] metres within which it is: a circle around it
   */
  set(spot, follow, accuracyM) {
    const ring = spot && accuracyM ? circleAround(spot, accuracyM) : undefined;
    this.#view.put(ACCURACY, {
      type: "FeatureCollection",
      features: ring ? [{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }] : [],
    });
    if (!spot) {
      this.#marker?.remove();
      this.#marker = undefined;
      return;
    }
    const { map, maplibre } = this.#view;
    if (!this.#marker) {
      const element = el("div", { className: "map-pick-pin", role: "img", "aria-label": t("map.marker") });
      this.#marker = new maplibre.Marker({ element, draggable: true, anchor: "bottom" });
      this.#marker.on("dragend", () => {
        const { lng, lat } = /** @type {import("maplibre-gl").Marker} */ (this.#marker).getLngLat();
        this.#picked({ lon: lng, lat });
      });
      this.#marker.setLngLat([spot.lon, spot.lat]).addTo(map);
    }
    this.#marker.setLngLat([spot.lon, spot.lat]);
    // There is no map elsewhere.
    if (!follow || !inCity(spot.lon, spot.lat)) return;
    if (ring) map.fitBounds(around(ring), { padding: 28, maxZoom: 17 });
    else map.easeTo({ center: [spot.lon, spot.lat], zoom: Math.max(map.getZoom(), 16) });
  }

  /** @param {Spot} spot */
  #picked(spot) {
    this.set(spot, false);
    this.#host.dispatchEvent(new CustomEvent("city-map:picked", { bubbles: true, detail: spot }));
  }
}
