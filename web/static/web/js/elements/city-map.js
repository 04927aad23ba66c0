/**
 * `<city-map>`: the city's map.
 *
 * `mode="browse"`: all appeals, clustered by the server; set `filter` to narrow them. Fires `city-map:moved` (detail:
 * west, south, east, north).
 * `mode="single"`: one pin at `lon`, `lat`, coloured by `status` ("overdue" is one), with the `places` that belong to it (a GeoJSON
 * MultiPoint), or the `area` (GeoJSON; a MultiPoint is many pins);
 * `label` describes it for screen readers.
 * `mode="points"`: those of `points`, one of which is chosen: `choose(number)`; fires `city-map:chosen` (detail: number).
 * `mode="pick"`: the reader places a pin; fires `city-map:picked` (detail: lon, lat; `rough` where the still picture was
 * touched); `place(spot, accuracyM)` moves it. Without a pin the map begins at `near` (lon, lat).
 * `mode="draw"`: the reader draws a point, a line or an area; fires `city-map:drawn` (detail: corners); `draw(drawing)`
 * shows what is drawn elsewhere.
 *
 * Where a place can be given without it (`mode="pick"`), the map is loaded when it is asked for: always over a `still`
 * picture of the city, which stands for the map until then, and else where the network is weak.
 *
 * The element's content is shown until the map has loaded, and stays if it cannot. `aria-busy` is "false" once everything
 * that belongs on the map is drawn and the map has stopped moving to where it was sent.
 */

import { loadAnew } from "city/site/connection.js";
import { el, icon } from "city/site/dom.js";
import { settings } from "city/site/settings.js";
import { t } from "city/site/texts.js";
import { frameOf, inCity, spotAt } from "city/map/extent.js";
import { CLOSER, spotOnStill } from "city/map/still.js";
import { StatusBar } from "city/map/status-bar.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */
/** @typedef {import("city/map/view.js").MapView} MapView */
/** @typedef {import("city/map/browse.js").BrowseMode} BrowseMode */
/** @typedef {import("city/map/points.js").PointsMode} PointsMode */
/** @typedef {import("city/map/spot.js").PickMode} PickMode */
/** @typedef {import("city/map/draw.js").DrawMode} DrawMode */
/** @typedef {import("city/map/draw.js").Drawing} Drawing */

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
  /** @type {DrawMode | undefined} */
  #drawMode;
  /** @type {Drawing} */
  #drawing = { shape: "", corners: [], reachM: 0 };
  /** @type {import("city/map/points.js").ListedPoint[]} */
  #points = [];
  /** @type {Spot | undefined} */
  #spot;
  /** Where the reader touched the still picture. @type {Spot | undefined} */
  #touched;
  /** Metres within which the spot is, if that is known. @type {number | undefined} */
  #accuracyM;
  #opening = false;
  #seen = new ResizeObserver(() => {
    if (!this.clientWidth) return;
    this.#seen.disconnect();
    void this.#openNow();
  });
  /** How often the map was asked to settle. */
  #asked = 0;

  constructor() {
    super();
    this.addEventListener("city-map:picked", (event) => {
      this.#spot = /** @type {CustomEvent<Spot>} */ (event).detail;
      this.#accuracyM = undefined;
    });
  }

  connectedCallback() {
    if (this.#view || this.#opening) return;
    if (this.getAttribute("mode") === "pick" && (this.#still || isNetworkWeak())) this.#openWhenAsked();
    else void this.#open();
  }

  disconnectedCallback() {
    this.#seen.disconnect();
    this.#browse?.close();
    this.#view?.close();
    this.#view = this.#browse = this.#pick = this.#pointsMode = this.#drawMode = undefined;
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
   * Places the pin of `mode="pick"`, and moves there; over a still picture the map is loaded to show it.
   * @param {Spot | undefined} spot
   * @param {number} [accuracyM] metres within which it is: a circle, until the reader moves the pin
   */
  place(spot, accuracyM) {
    this.#spot = spot;
    this.#accuracyM = accuracyM;
    this.#touched = undefined;
    if (spot && this.#still && !isNetworkWeak()) void this.#openWhenSeen();
    if (!this.#view || !this.#pick) return;
    this.#pick.set(spot, true, accuracyM);
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

  /** What `mode="draw"` shows. @param {Drawing} drawing @param {boolean} follow move the map there too */
  draw(drawing, follow) {
    this.#drawing = drawing;
    if (!this.#view || !this.#drawMode) return;
    this.#drawMode.set(drawing, follow);
    this.#settle(this.#view);
  }

  /** Removes the chosen corner of `mode="draw"`. */
  removeCorner() {
    this.#drawMode?.remove();
  }

  /** The visible part of the world: west, south, east, north. */
  get frame() {
    return this.#view && frameOf(this.#view.map);
  }

  /** The place that is shown, as the page's address has it; empty before there is a map. */
  get fragment() {
    if (!this.#view) return "";
    const { map } = this.#view;
    const { lng, lat } = map.getCenter();
    return `#map=${map.getZoom().toFixed(2)}/${lat.toFixed(6)}/${lng.toFixed(6)}`;
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

  /** The picture of the city that stands for the map until it is loaded. */
  get #still() {
    return this.querySelector("img");
  }

  #openWhenAsked() {
    const still = this.#still;
    const words = el("span", { className: "button" }, icon("map"), el("span", {}, t("map.show")));
    const ask = el("button", { type: "button", className: "city-map__ask" }, words);
    ask.addEventListener("click", (event) => {
      // The keyboard's press is nowhere on the picture.
      const touched = still && event.detail ? spotOnStill(still, event) : undefined;
      this.#touched = touched;
      void this.#openNow();
      if (touched) this.dispatchEvent(new CustomEvent("city-map:picked", { bubbles: true, detail: { ...touched, rough: true } }));
    });
    this.append(ask);
    this.setAttribute("aria-busy", "false");
  }

  /** Opens the map that was not opened yet, at once or when the step of the form that it is on is shown. */
  #openWhenSeen() {
    if (this.clientWidth) return this.#openNow();
    this.#seen.observe(this);
  }

  /** Opens the map that was not opened yet; the reader's focus goes on to it. */
  async #openNow() {
    const ask = this.querySelector(".city-map__ask");
    if (!ask) return;
    const focused = ask === document.activeElement;
    ask.remove();
    await this.#open();
    if (!this.#view) return;
    this.#still?.remove();
    if (focused) this.#view.map.getCanvas().focus({ preventScroll: true });
  }

  /** @param {boolean} [again] after it could not be */
  async #open(again = false) {
    this.#opening = true;
    this.setAttribute("aria-busy", "true");
    const container = el("div", { className: "city-map__canvas" });
    this.append(container, this.#bar.element);
    this.#bar.loading();
    try {
      const [enter, view] = await Promise.all([this.#mode(), this.#viewOf(container)]);
      this.#view = view;
      this.#bar.clear();
      this.#controls();
      enter(view);
      this.#watchDevice(view);
      this.classList.add("city-map--ready");
    } catch (error) {
      container.remove();
      this.#cannot(error, again);
    } finally {
      this.#opening = false;
    }
  }

  /**
   * The map itself, whose modules are loaded now.
   * @param {HTMLElement} container
   */
  async #viewOf(container) {
    const [{ MapView }, overlays] = await Promise.all([import("city/map/view.js"), import("city/map/overlays.js")]);
    return MapView.open(this.#options(container, overlays));
  }

  /**
   * @param {HTMLElement} container
   * @param {typeof import("city/map/overlays.js")} overlays
   * @returns {import("city/map/view.js").ViewOptions}
   */
  #options(container, { browseOverlay, spotOverlay }) {
    const near = this.getAttribute("near")?.split(",").map(Number) ?? [];
    const spot = this.#given() ?? this.#touched ?? (near.length === 2 ? { lon: near[0], lat: near[1] } : undefined);
    const closer = this.#touched ? settings.map.zoom + CLOSER : 15.5;
    const browse = this.getAttribute("mode") === "browse";
    const center = /** @type {[number, number]} */ (spot ? [spot.lon, spot.lat] : settings.map.center);
    return {
      container,
      overlay: browse || this.getAttribute("mode") === "points" ? browseOverlay : spotOverlay,
      center,
      zoom: Number(this.getAttribute("zoom")) || (spot ? closer : settings.map.zoom),
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
    return this.#spot ?? (lon && lat ? spotAt(Number(lon), Number(lat)) : undefined);
  }

  /**
   * What begins the mode on a map; the page loads no other.
   * @returns {Promise<(view: MapView) => void>}
   */
  async #mode() {
    const mode = this.getAttribute("mode");
    if (mode === "browse") {
      const { BrowseMode } = await import("city/map/browse.js");
      return (view) => {
        this.#browse = new BrowseMode(view, this, this.#bar);
        this.#browse.setFilter(this.#filter);
      };
    }
    if (mode === "points") {
      const { PointsMode } = await import("city/map/points.js");
      return (view) => {
        this.#pointsMode = new PointsMode(view, this);
        this.#pointsMode.set(this.#points);
        this.#settle(view);
      };
    }
    if (mode === "draw") {
      const { DrawMode } = await import("city/map/draw.js");
      return (view) => {
        this.#drawMode = new DrawMode(view, this);
        this.#drawMode.set(this.#drawing, true);
        this.#settle(view);
      };
    }
    const { PickMode, showArea, showSpot } = await import("city/map/spot.js");
    return (view) => {
      const spot = this.#given();
      const area = this.getAttribute("area");
      if (mode === "pick") {
        this.#pick = new PickMode(view, this);
        // Where the picture was touched the map has come closer already; the reader is to see where that is.
        if (spot) this.#pick.set(spot, !this.#touched, this.#accuracyM);
      } else if (area) {
        showArea(view, JSON.parse(area));
      } else if (spot) {
        const places = this.getAttribute("places");
        showSpot(view, spot, this.getAttribute("status") ?? "", places ? JSON.parse(places) : {});
      }
      this.#settle(view);
    };
  }

  /**
   * A device that is short of memory takes away what maps are drawn with, and mostly gives it back.
   * @param {MapView} view
   */
  #watchDevice({ map }) {
    const name = this.getAttribute("mode") === "browse" ? "map.lost.browse" : "map.lost";
    map.on("webglcontextlost", () => this.#bar.broken(t(name), () => this.#again()));
    map.on("webglcontextrestored", () => this.#bar.over());
  }

  /** The map anew, where it was. */
  #again() {
    const place = this.#browse ? this.fragment : "";
    this.disconnectedCallback();
    if (place) history.replaceState(history.state, "", place);
    this.querySelector(".city-map__canvas")?.remove();
    this.#bar.over();
    this.#bar.element.remove();
    this.classList.remove("city-map--ready");
    void this.#open();
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
      const locate = new maplibre.GeolocateControl({ positionOptions: { enableHighAccuracy: true } });
      map.addControl(locate, "bottom-right");
      locate.on("outofmaxbounds", () => this.#browse?.positionOutside());
      locate.on("geolocate", ({ coords }) => {
        if (!inCity(coords.longitude, coords.latitude)) this.#browse?.positionOutside();
      });
      // MapLibre labels the button only once it knows whether a position is available.
      this.querySelector(".maplibregl-ctrl-geolocate")?.setAttribute("aria-label", t("map.locate"));
      map.addControl(new maplibre.ScaleControl({ maxWidth: 90 }), "bottom-left");
    }
  }

  /** @param {unknown} error @param {boolean} again */
  #cannot(error, again) {
    this.removeAttribute("aria-busy");
    if (!isGpuFailure(error)) {
      this.#bar.failed(t("map.unreachable"), () => {
        this.#bar.element.remove();
        void this.#open(true);
      });
      if (again) void loadAnew();
      return;
    }
    this.#bar.clear();
    const mode = this.getAttribute("mode") ?? "single";
    this.append(
      el("div", { className: "city-map__note" }, icon("info"), el("p", {}, t(`map.noWebgl.${mode === "browse" || mode === "pick" ? mode : "single"}`))),
    );
  }
}

/** True when the reader saves data, or the network takes seconds for what a map is made of. */
function isNetworkWeak() {
  const { connection } = /** @type {Navigator & {connection?: {saveData?: boolean, effectiveType?: string}}} */ (navigator);
  return Boolean(connection && (connection.saveData || /2g|3g/.test(connection.effectiveType ?? "")));
}

/** Of ours, before the map library is loaded, and of its own. @param {unknown} error */
const isGpuFailure = (error) => error instanceof Error && /^(NoWebGL|GPUInitializationError)$/.test(error.name);

customElements.define("city-map", CityMap);
