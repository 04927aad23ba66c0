/**
 * `<appeal-pin>`: around the field with latitude and longitude in a form that puts an appeal's place right. Draws the map
 * with the appeal's pin, which is dragged, or put somewhere by a press or the keyboard, and says who would answer there for
 * the category of the form. The field goes on holding the place, and can be typed into; empty, the place stays.
 */

import { readSpot } from "city/appeal/place.js";
import { RoutePreview } from "city/appeal/route-preview.js";
import { CityMap } from "city/elements/city-map.js";
import { debounce, el, find, icon } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

export class AppealPin extends HTMLElement {
  #stop = new AbortController();
  /** @type {CityMap | undefined} */
  #map;
  #hint = el("p", { className: "hint" }, t("appealPin.hint"));
  #said = el("p", { className: "field-error", role: "status" });
  #back = el("button", { className: "button button--quiet button--small", type: "button" }, icon("reopen"), " ", t("appealPin.back"));
  #answers = el("div", { className: "route", role: "status" });
  #route = new RoutePreview(this.#answers, () => undefined, { waiting: t("appealPin.same"), failed: t("appealPin.failed"), due: false, alike: false });

  connectedCallback() {
    const { signal } = this.#stop;
    this.prepend(this.#hint);
    this.append(this.#said, this.#back, this.#answers);
    this.#field.addEventListener("input", debounce(250, () => this.#typed()), { signal });
    this.#category?.addEventListener("change", () => this.#ask(), { signal });
    this.#back.addEventListener("click", () => this.#write(undefined), { signal });
    this.addEventListener("city-map:picked", (event) => this.#write(/** @type {CustomEvent<Spot>} */ (event).detail), { signal });
    const details = this.closest("details");
    details?.addEventListener("toggle", () => details.open && this.#draw(), { signal });
    if (details?.open ?? true) this.#draw();
    this.#ask();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  get #field() {
    return find(this, "input", HTMLInputElement);
  }

  get #category() {
    const field = this.closest("form")?.elements.namedItem("category");
    return field instanceof HTMLSelectElement ? field : undefined;
  }

  /** Where the appeal is now. @returns {Spot} */
  get #was() {
    return { lon: Number(this.dataset.lon), lat: Number(this.dataset.lat) };
  }

  /** What is in the field; undefined where that is nothing, or no place. */
  get #spot() {
    return readSpot(this.#field.value);
  }

  #draw() {
    if (this.#map) return;
    const map = /** @type {CityMap} */ (document.createElement("city-map"));
    map.className = "appeal-pin__map";
    map.setAttribute("mode", "pick");
    map.place(this.#spot ?? this.#was);
    this.#map = map;
    this.#hint.after(map);
  }

  #typed() {
    const unread = !this.#spot && this.#field.value.trim() !== "";
    this.#said.textContent = unread ? t("appealPin.unread") : "";
    this.#map?.place(this.#spot ?? this.#was);
    this.#ask();
  }

  /** The place from the map, or the one where the appeal is now. @param {Spot | undefined} spot */
  #write(spot) {
    this.#field.value = spot ? `${spot.lat.toFixed(6)}, ${spot.lon.toFixed(6)}` : "";
    this.#said.textContent = "";
    if (!spot) this.#map?.place(this.#was);
    this.#ask();
  }

  #ask() {
    const chosen = this.#category?.value ?? "";
    this.#back.hidden = this.#field.value === "";
    const changed = this.#spot || chosen;
    void this.#route.ask(changed ? this.#spot ?? this.#was : undefined, chosen || (this.dataset.category ?? ""), "");
  }
}

customElements.define("appeal-pin", AppealPin);
