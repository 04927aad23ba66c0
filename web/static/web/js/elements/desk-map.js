/**
 * `<desk-map>`: the list of the desk and its places in one view, or, on a phone, one or the other. The map has the places
 * of the whole list, whatever page is shown, and says how many. A pin marks its row, a row (under the pointer, or with the
 * focus) its pin. Whether the map is there is remembered on the device.
 */

import { CityMap } from "city/elements/city-map.js";
import { el, find } from "city/site/dom.js";
import { getJson, isAbort } from "city/site/http.js";
import { remember, remembered } from "city/site/memory.js";
import { formatNumber, t } from "city/site/texts.js";

/** @typedef {import("city/map/points.js").ListedPoint & {category: string}} ListedAppeal */

const SHOWN = "desk/map";

export class DeskMap extends HTMLElement {
  #stop = new AbortController();
  /** @type {ListedAppeal[]} */
  #appeals = [];
  /** Address of the page of number 0. */
  #page = "";

  connectedCallback() {
    const { signal } = this.#stop;
    this.#switch.hidden = false;
    this.#switch.addEventListener("click", () => this.#show(this.dataset.shown !== "map"), { signal });
    for (const kind of ["pointerover", "focusin"]) {
      this.addEventListener(kind, ({ target }) => this.#rowTouched(target), { signal });
    }
    this.addEventListener("city-map:chosen", (event) => this.#pinChosen(Number(/** @type {CustomEvent} */ (event).detail)), { signal });
    if (remembered(SHOWN)) this.#show(true);
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  get #switch() {
    return find(this, "[data-switch]", HTMLButtonElement);
  }

  get #rows() {
    return [...this.querySelectorAll("tr[data-appeal]")].filter((one) => one instanceof HTMLElement);
  }

  /** @returns {import("city/map/points.js").ListedPoint[]} */
  get #ofThePage() {
    return this.#rows.map(({ dataset }) => ({
      number: Number(dataset.appeal),
      status: dataset.status ?? "",
      overdue: Number(dataset.overdue),
      lon: Number(dataset.lon),
      lat: Number(dataset.lat),
    }));
  }

  get #map() {
    return this.querySelector("city-map");
  }

  /** @param {boolean} map */
  #show(map) {
    this.dataset.shown = map ? "map" : "list";
    this.#switch.setAttribute("aria-pressed", String(map));
    find(this, "[data-place]", HTMLElement).hidden = !map;
    remember(SHOWN, map);
    if (map && !this.#map) this.#draw();
  }

  #draw() {
    const map = /** @type {CityMap} */ (document.createElement("city-map"));
    map.className = "desk-map__map";
    map.setAttribute("mode", "points");
    map.setAttribute("label", this.dataset.label ?? "");
    map.points = this.#ofThePage;
    find(this, "[data-place]", HTMLElement).prepend(map);
    void this.#fill(map);
  }

  /** Puts the places of the whole list on the map; those of the page's rows stay where they cannot be had. @param {CityMap} map */
  async #fill(map) {
    const said = find(this, "[data-said]", HTMLElement);
    try {
      const { points, more, page } = await getJson(this.dataset.url ?? "", this.#stop.signal);
      this.#appeals = points;
      this.#page = page;
      const known = new Set(this.#appeals.map(({ number }) => number));
      map.points = [...this.#appeals, ...this.#ofThePage.filter(({ number }) => !known.has(number))];
      said.textContent = t(more ? "deskMap.first" : "deskMap.all", { count: formatNumber(points.length) });
    } catch (error) {
      if (isAbort(error)) return;
      said.textContent = t("deskMap.page", { count: formatNumber(this.#rows.length) });
    }
  }

  /** @param {EventTarget | null} target */
  #rowTouched(target) {
    const row = target instanceof Element ? target.closest("tr[data-appeal]") : null;
    if (!(row instanceof HTMLElement) || this.dataset.shown !== "map") return;
    this.#mark(row);
    if (this.#map instanceof CityMap) this.#map.choose(Number(row.dataset.appeal));
  }

  /** @param {number} number */
  #pinChosen(number) {
    const row = this.#rows.find(({ dataset }) => Number(dataset.appeal) === number);
    const appeal = this.#appeals.find((one) => one.number === number);
    if (row) {
      this.#mark(row);
      row.scrollIntoView({ block: "nearest" });
    } else if (appeal) {
      // Its row is on another page.
      this.#mark(undefined);
      this.#name(number, appeal.category, this.#page.replace("/0/", `/${number}/`));
    }
  }

  /** @param {HTMLElement | undefined} row */
  #mark(row) {
    for (const one of this.#rows) one.removeAttribute("aria-current");
    row?.setAttribute("aria-current", "true");
    const link = row?.querySelector("[data-key=open]");
    if (link instanceof HTMLAnchorElement) this.#name(Number(row?.dataset.appeal), link.textContent ?? "", link.href);
  }

  /**
   * Names the chosen one below the map, with the way to it.
   * @param {number} number
   * @param {string} category
   * @param {string} url
   */
  #name(number, category, url) {
    find(this, "[data-chosen]", HTMLElement).replaceChildren(el("a", { href: url }, `№ ${number}. ${category}`));
  }
}

customElements.define("desk-map", DeskMap);
