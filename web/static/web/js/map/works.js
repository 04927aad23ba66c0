/** Planned works on the map of all appeals: loaded once, and again when the map is moved after a while; ended ones go. */

import { getJson, isAbort } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { WORKS } from "city/map/overlays.js";

/** What a map knows of works. @typedef {{title: string, url: string, starts_at: string, ends_at: string}} Works */

/** So long what was loaded is not asked for again. */
const FRESH_MS = 60_000;
/** More than any city has under way at once; the rest is on the page of news. */
const MOST = 1_000;

export class WorksSource {
  #view;
  #failed;
  #asked = -Infinity;
  #stop = new AbortController();

  /**
   * @param {import("city/map/view.js").MapView} view
   * @param {() => void} failed
   */
  constructor(view, failed) {
    this.#view = view;
    this.#failed = failed;
  }

  async refresh() {
    if (performance.now() - this.#asked < FRESH_MS) return;
    this.#asked = performance.now();
    const query = new URLSearchParams({ kind: "works", page_size: String(MOST), lang: settings.language });
    try {
      const collection = await getJson(`${settings.urls.news}?${query}`, this.#stop.signal);
      // Those without an end would never leave the map.
      const features = collection.features.filter((/** @type {import("geojson").Feature} */ { properties }) => properties?.ends_at);
      this.#view.put(WORKS, { type: "FeatureCollection", features });
    } catch (error) {
      this.#asked = -Infinity;
      if (!isAbort(error)) this.#failed();
    }
  }

  stop() {
    this.#stop.abort();
  }
}
