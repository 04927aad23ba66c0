/** The rows of a list as pins: one of them is chosen, here or in the list. */

import { around } from "city/map/extent.js";
import { CHOSEN_LAYER, APPEALS, PIN_LAYER, drawable } from "city/map/overlays.js";

/** @typedef {import("city/map/view.js").MapView} MapView */
/** @typedef {{number: number, status: string, overdue: number, lon: number, lat: number}} ListedPoint degrees; 1 for overdue */

/** A finger covers this many pixels around its target. */
const TOUCH_PX = 12;
/** A single place is not shown nearer than this. */
const NEAREST_ZOOM = 16;

export class PointsMode {
  #view;
  #host;
  /** @type {ListedPoint[]} */
  #points = [];

  /**
   * @param {MapView} view
   * @param {HTMLElement} host
   */
  constructor(view, host) {
    this.#view = view;
    this.#host = host;
    const { map } = view;
    map.on("click", ({ point: { x, y } }) => {
      const near = /** @type {[[number, number], [number, number]]} */ ([
        [x - TOUCH_PX, y - TOUCH_PX],
        [x + TOUCH_PX, y + TOUCH_PX],
      ]);
      const [pin] = map.queryRenderedFeatures(near, { layers: [PIN_LAYER] });
      if (!pin) return;
      this.choose(Number(pin.properties.number));
      this.#host.dispatchEvent(new CustomEvent("city-map:chosen", { bubbles: true, detail: Number(pin.properties.number) }));
    });
    map.on("mouseenter", PIN_LAYER, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", PIN_LAYER, () => (map.getCanvas().style.cursor = ""));
  }

  /**
   * Shows these points, and all of them at once.
   * @param {ListedPoint[]} points
   */
  set(points) {
    this.#points = points;
    this.#view.put(
      APPEALS,
      drawable({
        type: "FeatureCollection",
        features: points.map(({ lon, lat, ...properties }) => ({
          type: "Feature",
          properties,
          geometry: { type: "Point", coordinates: [lon, lat] },
        })),
      }),
    );
    if (!points.length) return;
    this.#view.map.fitBounds(around(points.map(({ lon, lat }) => [lon, lat])), {
      padding: 48,
      maxZoom: NEAREST_ZOOM,
      animate: false,
    });
  }

  /**
   * Marks the pin, and moves it into view where it is not.
   * @param {number} number
   */
  choose(number) {
    const { map } = this.#view;
    const point = this.#points.find((one) => one.number === number);
    this.#host.dataset.pin = point ? String(number) : "";
    map.setFilter(CHOSEN_LAYER, ["==", ["get", "number"], point ? number : -1]);
    if (point && !map.getBounds().contains([point.lon, point.lat])) map.easeTo({ center: [point.lon, point.lat] });
  }
}
