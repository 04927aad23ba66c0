/** The appeals in the map's frame, clustered by the server: the newest request wins, nothing is fetched twice. */

import { Latest, getJson, isAbort } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { dayInCity } from "city/site/texts.js";
import { bboxText, snapped } from "city/map/extent.js";

/** @typedef {import("geojson").FeatureCollection} Answer */

/**
 * @typedef {object} Listener
 * @property {() => void} loading
 * @property {(answer: Answer) => void} loaded
 * @property {(error: unknown) => void} failed
 */

export class AppealsSource {
  #latest = new Latest();
  #shown = "";
  #listener;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /**
   * Fetches what the frame needs, unless it is already on the map.
   * @param {import("city/map/extent.js").Box} frame
   * @param {number} zoom
   * @param {URLSearchParams} filter
   */
  async ask(frame, zoom, filter) {
    const query = new URLSearchParams(filter);
    query.set("bbox", bboxText(snapped(frame, zoom)));
    query.set("zoom", String(Math.round(zoom)));
    const url = `${settings.urls.clusters}?${query}`;
    if (url === this.#shown) return;
    const signal = this.#latest.begin();
    this.#shown = url;
    this.#listener.loading();
    try {
      this.#listener.loaded(await getJson(url, signal));
    } catch (error) {
      if (isAbort(error)) return;
      this.#shown = "";
      this.#listener.failed(error);
    }
  }

  stop() {
    this.#latest.stop();
  }
}

/**
 * The newest appeals around a point, for a bubble that zooming can no longer split.
 * @param {import("geojson").Position} point
 * @param {number} radiusDegrees
 * @param {URLSearchParams} filter
 * @param {string} awaiting the open statuses
 * @returns {Promise<Record<string, unknown>[]>}
 */
export async function appealsAround([lon = 0, lat = 0], radiusDegrees, filter, awaiting) {
  const query = new URLSearchParams(filter);
  query.set("bbox", bboxText([lon - radiusDegrees, lat - radiusDegrees, lon + radiusDegrees, lat + radiusDegrees]));
  query.set("page_size", "30");
  /** @type {import("geojson").FeatureCollection} */
  const answer = await getJson(`${settings.urls.appealsGeojson}?${query}`);
  const today = dayInCity();
  const open = awaiting.split(",");
  return answer.features.map(({ id, properties }) => ({
    ...properties,
    id: properties?.id ?? id,
    // As the server says it of a pin.
    overdue: Number(open.includes(properties?.status) && properties?.due_on < today),
  }));
}
