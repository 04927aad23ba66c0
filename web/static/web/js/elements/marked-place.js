/**
 * `<marked-place>`: around the field with latitude and longitude of a place that one marks. Draws the map with its pin, which
 * is put somewhere by a press or the keyboard, and dragged. The field goes on holding the place, and can be typed into. The map
 * begins where `data-near` (lon, lat) says.
 */

import { CityMap } from "city/elements/city-map.js";
import { inCity, readSpot } from "city/map/extent.js";
import { debounce, el, find, icon } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

export class MarkedPlace extends HTMLElement {
  #stop = new AbortController();
  /** @type {CityMap | undefined} */
  #map;
  #hint = el("p", { className: "small muted" });
  #said = el("p", { className: "field-error", role: "status" });
  #back = el("button", { className: "button button--quiet button--small", type: "button" });

  connectedCallback() {
    const { signal } = this.#stop;
    const { hint, back, sign } = this.words;
    this.#hint.append(hint);
    this.#back.append(icon(sign), " ", back);
    this.prepend(this.#hint);
    this.append(this.#said, this.#back);
    this.field.addEventListener("input", debounce(250, () => this.#typed()), { signal });
    this.#back.addEventListener("click", () => this.#write(undefined), { signal });
    this.addEventListener("city-map:picked", (event) => this.#write(/** @type {CustomEvent<Spot>} */ (event).detail), { signal });
    const details = this.closest("details");
    details?.addEventListener("toggle", () => details.open && this.#draw(), { signal });
    if (details?.open ?? true) this.#draw();
    this.#tell();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  /** What the element says. @returns {{hint: string, back: string, sign: string, unread: string}} */
  get words() {
    return { hint: t("markedPlace.hint"), back: t("markedPlace.back"), sign: "cross", unread: t("markedPlace.unread") };
  }

  /** Ends what listens when the element goes. */
  get signal() {
    return this.#stop.signal;
  }

  get field() {
    return find(this, "input", HTMLInputElement);
  }

  /** What is in the field; undefined where that is nothing, or no place. */
  get spot() {
    return readSpot(this.field.value);
  }

  /** Where the pin stands while the field has no place. @returns {Spot | undefined} */
  get was() {
    return undefined;
  }

  /** The place is another one. */
  changed() {}

  /** Where the pin stands: there is no map elsewhere. */
  get #shown() {
    const { spot } = this;
    return spot && inCity(spot.lon, spot.lat) ? spot : this.was;
  }

  #draw() {
    if (this.#map) return;
    const map = /** @type {CityMap} */ (document.createElement("city-map"));
    map.className = "marked-place__map";
    map.setAttribute("mode", "pick");
    map.setAttribute("near", this.dataset.near ?? "");
    map.place(this.#shown);
    this.#map = map;
    this.#said.after(map);
  }

  #typed() {
    const { spot } = this;
    const outside = spot && !inCity(spot.lon, spot.lat) ? t("markedPlace.outside") : "";
    this.#said.textContent = !spot && this.field.value.trim() !== "" ? this.words.unread : outside;
    this.#map?.place(this.#shown);
    this.#tell();
  }

  /** The place from the map, or none. @param {Spot | undefined} spot */
  #write(spot) {
    this.field.value = spot ? `${spot.lat.toFixed(6)}, ${spot.lon.toFixed(6)}` : "";
    this.#said.textContent = "";
    if (!spot) this.#map?.place(this.was);
    this.#tell();
  }

  #tell() {
    this.#back.hidden = this.field.value === "";
    this.changed();
  }
}

customElements.define("marked-place", MarkedPlace);
