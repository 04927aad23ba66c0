/** A point, a line with some metres on both sides, or an area, drawn corner by corner: with a mouse, a finger or keys. */

import { el } from "city/site/dom.js";
import { t } from "city/site/texts.js";
import { around } from "city/map/extent.js";
import { AREA } from "city/map/overlays.js";

/** @typedef {import("city/map/view.js").MapView} MapView */
/** @typedef {import("city/map/spot.js").Spot} Spot */
/** @typedef {import("maplibre-gl").Marker} Marker */
/** @typedef {{shape: string, corners: Spot[], reachM: number}} Drawing `shape`: point, line, area; empty for nothing */

/** Pixels by which a key moves a corner. */
const STEP = 6;
/** Metres around the equator, and the pixels that these are at zoom 0. */
const EQUATOR_M = 40_075_017;
const WORLD_PX = 512;
/** Where a width in metres has been computed; in between it doubles with each zoom. */
const [FAR, NEAR] = [0, 22];
/** The ground along the line, and the line itself. */
const REACH_LAYER = "drawn-reach";

export class DrawMode {
  #view;
  #host;
  /** @type {Drawing} */
  #drawing = { shape: "", corners: [], reachM: 0 };
  /** @type {Marker[]} */
  #markers = [];
  #chosen = -1;

  /**
   * @param {MapView} view
   * @param {HTMLElement} host
   */
  constructor(view, host) {
    this.#view = view;
    this.#host = host;
    host.append(el("div", { className: "map-cross", "aria-hidden": "true" }));
    const { map } = view;
    map.getCanvas().style.cursor = "crosshair";
    map.on("click", ({ lngLat: { lng: lon, lat } }) => this.#add({ lon, lat }));
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      const { lng: lon, lat } = map.getCenter();
      this.#add({ lon, lat });
    });
    // A style has its own layers; this one measures in metres.
    map.on("styledata", () => this.#measure());
  }

  /**
   * Shows a drawing without notifying anybody.
   * @param {Drawing} drawing
   * @param {boolean} follow move the map there too
   */
  set(drawing, follow) {
    this.#drawing = { ...drawing, corners: [...drawing.corners] };
    this.#chosen = Math.min(this.#chosen, drawing.corners.length - 1);
    this.#show();
    if (!follow || !drawing.corners.length) return;
    const box = around(drawing.corners.map(({ lon, lat }) => [lon, lat]));
    this.#view.map.fitBounds(box, { padding: 60, maxZoom: 16, animate: false });
  }

  /** Removes the chosen corner, else the last one. */
  remove() {
    const n = this.#chosen >= 0 ? this.#chosen : this.#drawing.corners.length - 1;
    if (n < 0) return;
    this.#drawing.corners.splice(n, 1);
    this.#chosen = Math.min(n, this.#drawing.corners.length - 1);
    this.#show();
    this.#say();
    const next = this.#markers[this.#chosen]?.getElement() ?? this.#view.map.getCanvas();
    next.focus({ preventScroll: true });
  }

  /** @param {Spot} spot */
  #add(spot) {
    const { shape, corners } = this.#drawing;
    if (shape === "point") {
      corners.splice(0, corners.length, spot);
      this.#chosen = 0;
    } else {
      const n = this.#chosen >= 0 ? this.#chosen + 1 : corners.length;
      corners.splice(n, 0, spot);
      this.#chosen = n;
    }
    this.#show();
    this.#say();
  }

  #show() {
    const { corners } = this.#drawing;
    for (const extra of this.#markers.splice(corners.length)) extra.remove();
    for (const [n, spot] of corners.entries()) {
      const marker = (this.#markers[n] ??= this.#marker(n, spot));
      marker.setLngLat([spot.lon, spot.lat]);
      const element = marker.getElement();
      element.classList.toggle("map-corner--chosen", n === this.#chosen);
      element.setAttribute("aria-label", t("draw.corner", { n: n + 1, lat: spot.lat.toFixed(5), lon: spot.lon.toFixed(5) }));
    }
    this.#view.put(AREA, { type: "FeatureCollection", features: featuresOf(this.#drawing) });
    this.#measure();
  }

  /** @param {number} n @param {Spot} spot */
  #marker(n, spot) {
    const { map, maplibre } = this.#view;
    const element = el("button", { className: "map-corner", type: "button" });
    const marker = new maplibre.Marker({ element, draggable: true }).setLngLat([spot.lon, spot.lat]).addTo(map);
    const moved = () => {
      const { lng: lon, lat } = marker.getLngLat();
      this.#drawing.corners[n] = { lon, lat };
      this.#chosen = n;
      this.#show();
    };
    marker.on("drag", moved);
    marker.on("dragend", () => (moved(), this.#say()));
    element.addEventListener("click", (event) => {
      // Not a press of the map below.
      event.stopPropagation();
      this.#chosen = n;
      this.#show();
    });
    element.addEventListener("keydown", (event) => this.#key(event, n));
    return marker;
  }

  /** @param {KeyboardEvent} event @param {number} n */
  #key(event, n) {
    const x = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key] ?? 0;
    const y = { ArrowUp: -STEP, ArrowDown: STEP }[event.key] ?? 0;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.#chosen = n;
      this.remove();
    } else if (x || y) {
      event.preventDefault();
      event.stopPropagation();
      const corner = this.#drawing.corners[n];
      if (!corner) return;
      const { map } = this.#view;
      const at = map.project([corner.lon, corner.lat]);
      const { lng: lon, lat } = map.unproject([at.x + x, at.y + y]);
      this.#drawing.corners[n] = { lon, lat };
      this.#chosen = n;
      this.#show();
      this.#say();
    }
  }

  /** Draws the ground along a line as wide as it is. */
  #measure() {
    const { map } = this.#view;
    if (!map.getSource(AREA)) return;
    const { shape, corners, reachM } = this.#drawing;
    const [first] = corners;
    if (shape !== "line" || !first) {
      if (map.getLayer(REACH_LAYER)) map.setLayoutProperty(REACH_LAYER, "visibility", "none");
      return;
    }
    if (!map.getLayer(REACH_LAYER)) {
      map.addLayer({
        id: REACH_LAYER,
        type: "line",
        source: AREA,
        layout: { "line-join": "round", "line-cap": "round" },
        paint: { "line-color": this.#view.colours.works, "line-opacity": 0.3 },
      });
    }
    const far = (2 * reachM * WORLD_PX) / (EQUATOR_M * Math.cos((first.lat * Math.PI) / 180));
    map.setLayoutProperty(REACH_LAYER, "visibility", "visible");
    map.setPaintProperty(REACH_LAYER, "line-width", ["interpolate", ["exponential", 2], ["zoom"], FAR, far, NEAR, far * 2 ** NEAR]);
  }

  #say() {
    this.#host.dispatchEvent(new CustomEvent("city-map:drawn", { bubbles: true, detail: [...this.#drawing.corners] }));
  }
}

/**
 * What can be seen of it before all its corners are there.
 * @param {Drawing} drawing
 * @returns {import("geojson").Feature[]}
 */
function featuresOf({ shape, corners }) {
  const positions = corners.map(({ lon, lat }) => [lon, lat]);
  const [first] = positions;
  if (!first || positions.length < 2 || shape === "point") return [];
  const closed = shape === "area" && positions.length > 2;
  return [
    {
      type: "Feature",
      properties: {},
      geometry: closed ? { type: "Polygon", coordinates: [[...positions, first]] } : { type: "LineString", coordinates: positions },
    },
  ];
}
