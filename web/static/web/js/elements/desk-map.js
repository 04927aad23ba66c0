/**
 * `<desk-map>`: the list of the desk and its places in one view, or, on a phone, one or the other. A pin marks its row, a
 * row (under the pointer, or with the focus) its pin. Whether the map is there is remembered on the device.
 */

import { CityMap } from "city/elements/city-map.js";
import { el, find } from "city/site/dom.js";
import { remember, remembered } from "city/site/memory.js";

const SHOWN = "desk/map";

export class DeskMap extends HTMLElement {
  #stop = new AbortController();

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
    map.points = this.#rows.map(({ dataset }) => ({
      number: Number(dataset.appeal),
      status: dataset.status ?? "",
      lon: Number(dataset.lon),
      lat: Number(dataset.lat),
    }));
    find(this, "[data-place]", HTMLElement).prepend(map);
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
    if (!row) return;
    this.#mark(row);
    row.scrollIntoView({ block: "nearest" });
  }

  /** @param {HTMLElement} row */
  #mark(row) {
    for (const one of this.#rows) one.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    const link = row.querySelector("[data-key=open]");
    if (!(link instanceof HTMLAnchorElement)) return;
    const copy = el("a", { href: link.href }, `№ ${row.dataset.appeal}. ${link.textContent}`);
    find(this, "[data-chosen]", HTMLElement).replaceChildren(copy);
  }
}

customElements.define("desk-map", DeskMap);
