/**
 * `<city-map>`: the city's map.
 *
 * `mode="browse"`: all appeals, clustered by the server; set `filter` to narrow them. Fires `city-map:moved` (detail:
 * west, south, east, north).
 * `mode="single"`: one pin at `lon`, `lat`, coloured by `status`; `label` describes it for screen readers.
 * `mode="points"`: those of `points`, one of which is chosen: `choose(number)`; fires `city-map:chosen` (detail: number).
 * `mode="pick"`: the reader places a pin; fires `city-map:picked` (detail: lon, lat); `place(spot)` moves it.
 *
 * The element's content is shown until the map has loaded, and stays if it cannot. `aria-busy` is "false" once everything
 * that belongs on the map is drawn and the map has stopped moving to where it was sent.
 */

import { el, icon } from "city/site/dom.js";
import { settings } from "city/site/settings.js";
import { t } from "city/site/texts.js";
import { BrowseMode } from "city/map/browse.js";
import { frameOf } from "city/map/extent.js";
import { NoWebGL } from "city/map/load.js";
import { browseOverlay, spotOverlay } from "city/map/overlays.js";
import { PointsMode } from "city/map/points.js";
import { PickMode, showSpot } from "city/map/spot.js";
import { StatusBar } from "city/map/status-bar.js";
import { MapView } from "city/map/view.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

export class CityMap extends HTMLElement {
  #bar = new StatusBar();
  #filter = new URLSearchParams();
  /** @type {MapView | undefined} */
  #view;
  /** @type {BrowseMode | undefined} */
  #browse;
  /** @type {PickMode | undefined} */
  #pick;
  /** @type {PointsMode | undefined} */
  #pointsMode;
  /** @type {import("city/map/points.js").ListedPoint[]} */
  #points = [];
  /** @type {Spot | undefined} */
  #spot;
  #opening = false;
  /** How often the map was asked to settle. */
  #asked = 0;

  connectedCallback() {
    if (!this.#view && !this.#opening) void this.#open();
  }

  disconnectedCallback() {
    this.#browse?.close();
    this.#view?.close();
    this.#view = this.#browse = this.#pick = this.#pointsMode = undefined;
  }

  /** @param {URLSearchParams} filter */
  set filter(filter) {
    this.#filter = filter;
    this.#browse?.setFilter(filter);
  }

  get filter() {
    return this.#filter;
  }

  /**
   * Places the pin of `mode="pick"`, and moves there.
   * @param {Spot | undefined} spot
   */
  place(spot) {
    this.#spot = spot;
    if (!this.#view || !this.#pick) return;
    this.#pick.set(spot, true);
    this.#settle(this.#view);
  }

  /** Those of `mode="points"`. @param {import("city/map/points.js").ListedPoint[]} points */
  set points(points) {
    this.#points = points;
    if (!this.#view || !this.#pointsMode) return;
    this.#pointsMode.set(points);
    this.#settle(this.#view);
  }

  /**
   * Marks a pin of `mode="points"`.
   * @param {number} number
   */
  choose(number) {
    this.#pointsMode?.choose(number);
  }

  /** The visible part of the world: west, south, east, north. */
  get frame() {
    return this.#view && frameOf(this.#view.map);
  }

  /**
   * Draws a ring around a place in `mode="browse"`, such as that of the list's row under the pointer.
   * @param {Spot | undefined} spot
   */
  hint(spot) {
    this.#browse?.hint(spot);
  }

  /** The map may have been laid out while hidden. */
  resize() {
    this.#view?.map.resize();
  }

  async #open() {
    this.#opening = true;
    this.setAttribute("aria-busy", "true");
    const container = el("div", { className: "city-map__canvas" });
    this.append(container, this.#bar.element);
    this.#bar.loading();
    try {
      this.#view = await MapView.open(this.#options(container));
      this.#bar.clear();
      this.#controls();
      this.#enter(this.#view);
      this.classList.add("city-map--ready");
    } catch (error) {
      container.remove();
      this.#cannot(error);
    } finally {
      this.#opening = false;
    }
  }

  /**
   * @param {HTMLElement} container
   * @returns {import("city/map/view.js").ViewOptions}
   */
  #options(container) {
    const spot = this.#given();
    const browse = this.getAttribute("mode") === "browse";
    const center = /** @type {[number, number]} */ (spot ? [spot.lon, spot.lat] : settings.map.center);
    return {
      container,
      overlay: browse || this.getAttribute("mode") === "points" ? browseOverlay : spotOverlay,
      center,
      zoom: Number(this.getAttribute("zoom")) || (spot ? 15.5 : settings.map.zoom),
      hash: browse,
      title: this.getAttribute("label") || t("map.title"),
      cooperative: this.getAttribute("mode") === "single",
      groundMissing: () => {
        // Only the streets are missing: the map still works, and offers to try again.
        this.#bar.failed(t("map.groundMissing"), () => {
          this.#bar.clear();
          void this.#view?.loadGround();
        });
      },
    };
  }

  /** @returns {Spot | undefined} */
  #given() {
    const [lon, lat] = [this.getAttribute("lon"), this.getAttribute("lat")];
    return lon && lat ? { lon: Number(lon), lat: Number(lat) } : this.#spot;
  }

  /** @param {MapView} view */
  #enter(view) {
    const mode = this.getAttribute("mode");
    const spot = this.#given();
    if (mode === "browse") {
      this.#browse = new BrowseMode(view, this, this.#bar);
      this.#browse.setFilter(this.#filter);
      return;
    }
    if (mode === "points") {
      this.#pointsMode = new PointsMode(view, this);
      this.#pointsMode.set(this.#points);
    } else if (mode === "pick") {
      this.#pick = new PickMode(view, this);
      if (spot) this.#pick.set(spot, true);
    } else if (spot) {
      showSpot(view, spot, this.getAttribute("status") ?? "");
    }
    this.#settle(view);
  }

  /**
   * Busy until the map has come to rest and is drawn; the last of several calls decides.
   * @param {MapView} view
   */
  #settle(view) {
    const asked = ++this.#asked;
    this.setAttribute("aria-busy", "true");
    void view.drawn().then(() => asked === this.#asked && this.setAttribute("aria-busy", "false"));
  }

  #controls() {
    const { map, maplibre } = /** @type {MapView} */ (this.#view);
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-right");
    if (this.getAttribute("mode") === "browse") {
      map.addControl(new maplibre.GeolocateControl({ positionOptions: { enableHighAccuracy: true } }), "bottom-right");
      // MapLibre labels the button only once it knows whether a position is available.
      this.querySelector(".maplibregl-ctrl-geolocate")?.setAttribute("aria-label", t("map.locate"));
      map.addControl(new maplibre.ScaleControl({ maxWidth: 90 }), "bottom-left");
    }
  }

  /** @param {unknown} error */
  #cannot(error) {
    this.removeAttribute("aria-busy");
    if (!(error instanceof NoWebGL) && !isGpuFailure(error)) {
      this.#bar.failed(t("map.unreachable"), () => {
        this.#bar.element.remove();
        void this.#open();
      });
      return;
    }
    this.#bar.clear();
    const mode = this.getAttribute("mode") ?? "single";
    this.append(
      el("div", { className: "city-map__note" }, icon("info"), el("p", {}, t(`map.noWebgl.${mode === "points" ? "single" : mode}`))),
    );
  }
}

/** @param {unknown} error */
const isGpuFailure = (error) => error instanceof Error && error.name === "GPUInitializationError";

customElements.define("city-map", CityMap);
