/** The map of all appeals: bubbles, pins, heat, territories, and the card of the chosen pin. */

import { closeLikeMenu, debounce, el, icon } from "city/site/dom.js";
import { entry, keep, leave, open } from "city/site/entry.js";
import { Refused } from "city/site/http.js";
import { jsonBlock } from "city/site/settings.js";
import { t } from "city/site/texts.js";
import { AppealsSource, appealsAround } from "city/map/appeals-source.js";
import { Card } from "city/map/card.js";
import { frameOf } from "city/map/extent.js";
import { extentOf, gathered } from "city/map/gather.js";
import { APPEALS, CELL_LAYER, CHOSEN_LAYER, HEAT, HEAT_LAYER, PIN_LAYER, WORKS_LAYERS, WORKS_PRESSED, drawable, heatable } from "city/map/overlays.js";
import { STATUSES } from "city/map/palette.js";
import { WorksSource } from "city/map/works.js";

/** @typedef {import("city/map/card.js").Brief} Brief */
/** @typedef {import("city/map/works.js").Works} Works */
/**
 * What the card is about, as the history keeps it: appeals, or works where there are none.
 * @typedef {{briefs: Brief[], works?: Works[], place?: import("geojson").Geometry}} Chosen
 */
/** @typedef {import("city/map/view.js").MapView} MapView */
/** @typedef {import("maplibre-gl").MapGeoJSONFeature} Feature */

/** A finger covers this many pixels around its target. */
const TOUCH_PX = 10;
/** Heat uses cells of a deeper zoom, small enough to blend together. */
const HEAT_FINER = 1;
/** Degrees within which no zoom separates two pins. */
const SAME_ADDRESS = 0.00003;
/** From this zoom on, a bubble is many appeals at one address, which zooming would not separate. */
const LAST_CELL_ZOOM = 17.5;

export class BrowseMode {
  #view;
  #host;
  #bar;
  #filter = new URLSearchParams();
  #source;
  #heatSource;
  #works;
  #heat = false;
  /** The switch of what is answered. */
  #answered = el("label");
  /** Counts what was asked for, so that only the last answer ends the waiting. */
  #asked = 0;
  /** What stays said until the reader moves the map. */
  #note = "";
  /** @type {import("city/map/appeals-source.js").Answer | undefined} */
  #answer;
  /** @type {import("geojson").Feature[][]} */
  #groups = [];
  #stop = new AbortController();
  #card;
  /** The place the card is about. @type {import("geojson").Geometry | undefined} */
  #place;
  /** @type {import("maplibre-gl").Marker | undefined} */
  #ring;

  /**
   * @param {MapView} view
   * @param {HTMLElement} host
   * @param {import("city/map/status-bar.js").StatusBar} bar
   */
  constructor(view, host, bar) {
    this.#view = view;
    this.#host = host;
    this.#bar = bar;
    const names = jsonBlock("map-names");
    this.#card = new Card(names, () => this.#dismiss(), () => this.#unchoose());
    this.#source = new AppealsSource({
      loading: () => this.#busy(true),
      loaded: (answer) => this.#loaded(answer),
      failed: (error) => this.#failed(error),
    });
    this.#heatSource = new AppealsSource({
      loading: () => this.#busy(true),
      loaded: (answer) => {
        this.#busy(false);
        view.put(HEAT, heatable(answer));
      },
      failed: (error) => this.#failed(error),
    });
    this.#works = new WorksSource(view, () => this.#bar.say(t("map.works.failed")));
    const layers = this.#layersPanel(names);
    host.append(this.#card.element, layers);
    this.#stop.signal.addEventListener("abort", () => {
      this.#card.element.remove();
      layers.remove();
    });
    this.#listen();
    const sized = new ResizeObserver(() => this.#uncover());
    sized.observe(this.#card.element);
    this.#stop.signal.addEventListener("abort", () => sized.disconnect());
    window.addEventListener("popstate", () => this.#fromEntry(), { signal: this.#stop.signal });
    // Whoever comes back to the page finds the card as it was.
    void view.drawn().then(() => this.#card.isOpen || this.#fromEntry());
  }

  /** @param {URLSearchParams} filter */
  setFilter(filter) {
    this.#filter = filter;
    this.#card.close();
    this.#showAnswered();
    this.refresh();
  }

  /** @param {import("city/map/spot.js").Spot | undefined} spot */
  hint(spot) {
    const { map, maplibre } = this.#view;
    if (!spot) {
      this.#ring?.remove();
      this.#ring = undefined;
      return;
    }
    this.#ring ??= new maplibre.Marker({ element: el("div", { className: "map-ring" }) });
    this.#ring.setLngLat([spot.lon, spot.lat]).addTo(map);
  }

  /** The reader's position is of no use here: says so, and shows the city. */
  positionOutside() {
    this.#note = t("map.locate.outside");
    this.#view.showCity();
    this.#bar.say(this.#note);
  }

  refresh() {
    const { map } = this.#view;
    const [frame, zoom] = [frameOf(map), map.getZoom()];
    void this.#source.ask(frame, zoom, this.#filter);
    void this.#works.refresh();
    if (this.#heat) void this.#heatSource.ask(frame, zoom + HEAT_FINER, this.#filter);
  }

  close() {
    this.#source.stop();
    this.#heatSource.stop();
    this.#works.stop();
    this.#stop.abort();
  }

  #listen() {
    const { map } = this.#view;
    const moved = debounce(160, () => {
      this.refresh();
      this.#host.dispatchEvent(new CustomEvent("city-map:moved", { bubbles: true, detail: frameOf(map) }));
    });
    map.on("moveend", moved);
    map.on("movestart", ({ originalEvent }) => {
      if (originalEvent) this.#note = "";
    });
    map.on("zoomend", () => this.#draw());
    map.on("click", (event) => this.#pointed(event.point));
    map.on("mousemove", (event) => {
      map.getCanvas().style.cursor = this.#under(event.point).length || this.#worksUnder(event.point).length ? "pointer" : "";
    });
    // The pins are drawn, not elements: Enter selects the one nearest to the centre, arrows move the map.
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        const { x, y } = map.project(map.getCenter());
        this.#pointed({ x, y }, 40);
      } else if (event.key === "Escape") {
        this.#dismiss();
      }
    });
  }

  /**
   * @param {{x: number, y: number}} point
   * @param {number} [reach]
   * @returns {Feature[]}
   */
  #under({ x, y }, reach = TOUCH_PX) {
    const layers = [PIN_LAYER, CELL_LAYER].filter((id) => this.#view.map.getLayer(id));
    const near = [x - reach, y - reach, x + reach, y + reach];
    const [west = 0, north = 0, east = 0, south = 0] = near;
    const found = this.#view.map.queryRenderedFeatures([[west, north], [east, south]], { layers });
    // A feature may be in several tiles at once.
    return [...new Map(found.map((feature) => [JSON.stringify(feature.geometry) + feature.properties.id, feature])).values()];
  }

  /** @param {{x: number, y: number}} point @returns {Works[]} */
  #worksUnder({ x, y }) {
    const layers = WORKS_PRESSED.filter((id) => this.#view.map.getLayer(id));
    const found = this.#view.map.queryRenderedFeatures([x, y], { layers });
    return [...new Map(found.map(({ properties }) => [properties.url, /** @type {Works} */ (properties)])).values()];
  }

  /**
   * @param {{x: number, y: number}} point
   * @param {number} [reach]
   */
  #pointed(point, reach) {
    const features = this.#under(point, reach);
    const pins = features.filter((feature) => feature.properties.kind === "appeal");
    const [cell] = features.filter((feature) => feature.properties.kind === "cell");
    if (pins.length) return this.#choose(pins.map((feature) => /** @type {Brief} */ (feature.properties)), pins[0]?.geometry);
    if (cell) return void this.#enter(cell);
    const works = this.#worksUnder(point);
    if (works.length) this.#open({ briefs: [], works });
    else this.#dismiss();
  }

  /**
   * @param {Brief[]} briefs
   * @param {import("geojson").Geometry} [place]
   */
  #choose(briefs, place) {
    if (briefs.length) this.#open({ briefs, place });
  }

  /** @param {Chosen} chosen */
  #open(chosen) {
    if (entry().card) keep("card", chosen);
    else open("card", chosen);
    this.#show(chosen);
  }

  /** @param {Chosen} chosen */
  #show({ briefs, works, place }) {
    const [first] = briefs;
    if (works?.length) this.#card.showWorks(works);
    if (!first) return;
    this.#view.map.setFilter(CHOSEN_LAYER, ["in", ["get", "number"], ["literal", briefs.map((brief) => brief.number)]]);
    if (briefs.length === 1) this.#card.show(first);
    else this.#card.showMany(briefs);
    this.#place = place;
  }

  /** The card of the present entry of the history. */
  #fromEntry() {
    /** @type {Chosen | undefined} */
    const chosen = entry().card;
    if (chosen) this.#show(chosen);
    else this.#card.close();
  }

  #dismiss() {
    if (!this.#card.isOpen) return;
    this.#card.close();
    leave("card");
  }

  /** Moves the map if the card, opening or growing, covers the place it is about. */
  #uncover() {
    const place = this.#place;
    if (!this.#card.isOpen || place?.type !== "Point") return;
    const { map } = this.#view;
    const [lon = 0, lat = 0] = place.coordinates;
    const { x, y } = map.project([lon, lat]);
    const frame = map.getContainer().getBoundingClientRect();
    const card = this.#card.element.getBoundingClientRect();
    const covered = frame.left + x > card.left - 24 && frame.left + x < card.right + 24 && frame.top + y > card.top - 24;
    if (covered) map.panBy([0, y - (card.top - frame.top) / 2]);
  }

  #unchoose() {
    this.#view.map.setFilter(CHOSEN_LAYER, ["==", ["get", "number"], -1]);
    this.#view.map.getCanvas().focus({ preventScroll: true });
  }

  /** @param {Feature} cell */
  async #enter(cell) {
    const { map } = this.#view;
    if (cell.geometry.type !== "Point") return;
    const [lon = 0, lat = 0] = cell.geometry.coordinates;
    const zoom = map.getZoom();
    const members = this.#groups[cell.properties.group];
    if (members) return this.#part(members);
    const single = Number(cell.properties.count) === 1;
    if (!single && zoom < LAST_CELL_ZOOM) {
      map.easeTo({ center: [lon, lat], zoom: Math.min(zoom + 2, LAST_CELL_ZOOM + 0.5) });
      return;
    }
    this.#bar.loading();
    try {
      const radius = single ? SAME_ADDRESS : 40 / 2 ** zoom;
      const around = /** @type {Brief[]} */ (await appealsAround([lon, lat], radius, this.#filter, this.#page.awaiting ?? ""));
      this.#bar.clear();
      this.#choose(around, cell.geometry);
    } catch {
      this.#bar.failed(t("map.failed"), () => void this.#enter(cell));
    }
  }

  /**
   * Zooms in until the members of a bubble separate; those at one address are listed instead.
   * @param {import("geojson").Feature[]} members
   */
  #part(members) {
    const [west, south, east, north] = extentOf(members);
    const together = east - west < SAME_ADDRESS && north - south < SAME_ADDRESS;
    if (together && members.every((member) => member.properties?.kind === "appeal")) {
      this.#choose(members.map((member) => /** @type {Brief} */ (member.properties)), members[0]?.geometry);
    } else {
      this.#view.map.fitBounds([west, south, east, north], { padding: 90, maxZoom: LAST_CELL_ZOOM + 0.5 });
    }
  }

  /** @param {boolean} busy */
  #busy(busy) {
    if (busy) {
      this.#asked += 1;
      this.#host.setAttribute("aria-busy", "true");
      this.#bar.loading();
    } else {
      if (this.#note) this.#bar.say(this.#note);
      else this.#bar.clear();
      // Loaded does not mean drawn.
      const asked = this.#asked;
      void this.#view.drawn().then(() => asked === this.#asked && this.#host.setAttribute("aria-busy", "false"));
    }
  }

  /** @param {import("city/map/appeals-source.js").Answer} answer */
  #loaded(answer) {
    this.#busy(false);
    this.#answer = answer;
    this.#draw();
    if (!answer.features.length && !this.#note) this.#bar.say(this.#empty);
  }

  /**
   * What asks for nothing that there can be shows nothing, and asking again would not help.
   * @param {unknown} error
   */
  #failed(error) {
    this.#busy(false);
    if (!(error instanceof Refused) || error.passing) return this.#bar.failed(t("map.failed"), () => this.refresh());
    this.#answer = { type: "FeatureCollection", features: [] };
    this.#draw();
    this.#bar.say(Object.values(error.errors).flat().join(" ") || t("map.failed"));
  }

  /** Why the map is empty. */
  get #empty() {
    if (this.#filter.size > 1 || this.#answered.hidden) return t("map.empty.filtered");
    return t(this.#filter.get("status") === this.#page.everyStatus ? "map.empty" : "map.empty.awaiting");
  }

  /** What the page says about its statuses. @returns {DOMStringMap} */
  get #page() {
    const page = this.#host.closest("appeal-browser");
    return page instanceof HTMLElement ? page.dataset : {};
  }

  #draw() {
    if (!this.#answer) return;
    const { shown, groups } = gathered(this.#answer, this.#view.map.getZoom());
    this.#groups = groups;
    this.#view.put(APPEALS, drawable(shown));
  }

  /** @param {import("city/map/card.js").Names} names */
  #layersPanel(names) {
    const toggle = (/** @type {string} */ text, /** @type {(on: boolean) => void} */ run, checked = false) => {
      const box = el("input", { type: "checkbox", checked, onchange: () => run(box.checked) });
      return el("label", { className: "map-layers__toggle" }, box, text);
    };
    const ask = (/** @type {boolean} */ on) => this.#host.dispatchEvent(new CustomEvent("city-map:answered", { bubbles: true, detail: on }));
    this.#answered = toggle(t("map.answered"), ask);
    const line = (/** @type {string} */ status, /** @type {string} */ words) =>
      el("li", { className: `map-layers__status status--${status}` }, icon(`status-${status}`), words);
    const legend = [...STATUSES.map((status) => line(status, names.status[status] ?? status)), line("overdue", t("map.overdue"))];
    const panel = el(
      "details",
      { className: "map-layers no-print" },
      el("summary", { className: "map-layers__button" }, icon("layers", "mapIcons"), el("span", {}, t("map.layers"))),
      el(
        "div",
        { className: "map-layers__body" },
        this.#answered,
        toggle(t("map.heat"), (on) => this.#showHeat(on)),
        toggle(t("map.districts"), (on) => this.#view.showDistricts(on)),
        toggle(t("map.works"), (on) => this.#view.show(WORKS_LAYERS, on), true),
        el("p", { className: "map-layers__caption" }, t("map.legend")),
        el("ul", { role: "list", className: "map-layers__legend" }, ...legend),
        el("p", { className: "map-layers__note" }, t("map.overdue.share")),
      ),
    );
    closeLikeMenu(panel, this.#stop.signal);
    return panel;
  }

  /** Whether what is answered is on the map too; of one status, the question does not arise. */
  #showAnswered() {
    const { awaiting, everyStatus } = this.#page;
    const status = this.#filter.get("status");
    this.#answered.hidden = status !== awaiting && status !== everyStatus;
    const box = this.#answered.control;
    if (box instanceof HTMLInputElement) box.checked = status === everyStatus;
  }

  /** @param {boolean} on */
  #showHeat(on) {
    this.#heat = on;
    if (on) this.refresh();
    this.#view.show([HEAT_LAYER], on);
    this.#view.show([CELL_LAYER, PIN_LAYER, CHOSEN_LAYER], !on);
    if (on) this.#dismiss();
  }
}
