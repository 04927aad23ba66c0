/**
 * `<drawn-place>`: around the fields of a place that is drawn: the shape, the metres on both sides of a line, and the corners,
 * one a line. Draws the map on which they are drawn. The fields go on holding the place, and can be typed into.
 */

import { CityMap } from "city/elements/city-map.js";
import { readSpot } from "city/map/extent.js";
import { debounce, el, find, icon } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

export class DrawnPlace extends HTMLElement {
  #stop = new AbortController();
  /** @type {CityMap | undefined} */
  #map;
  #said = el("p", { className: "small", role: "status" });
  #remove = el("button", { className: "button button--quiet button--small", type: "button" }, icon("cross"), " ", t("draw.remove"));
  #clear = el("button", { className: "button button--quiet button--small", type: "button" }, icon("reopen"), " ", t("draw.clear"));
  #drawing = el("div", { className: "stack stack--tight drawn-place__drawing" });

  connectedCallback() {
    const { signal } = this.#stop;
    this.#drawing.append(el("p", { className: "hint" }, t("draw.hint")), this.#said, el("div", { className: "row" }, this.#remove, this.#clear));
    this.#corners.closest(".field")?.before(this.#drawing);
    this.#shape.addEventListener("change", () => this.#read(false), { signal });
    this.#reach.addEventListener("input", () => this.#read(false), { signal });
    this.#corners.addEventListener("input", debounce(250, () => this.#read(true)), { signal });
    this.#remove.addEventListener("click", () => this.#map?.removeCorner(), { signal });
    this.#clear.addEventListener("click", () => this.#write([], true), { signal });
    this.addEventListener("city-map:drawn", (event) => this.#write(/** @type {CustomEvent<Spot[]>} */ (event).detail, false), { signal });
    // The map is heavy, and the fields may be hidden until another choice is made.
    const seen = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        seen.disconnect();
        this.#read(true);
      },
      { rootMargin: "9999px" },
    );
    seen.observe(this);
    signal.addEventListener("abort", () => seen.disconnect());
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  get #shape() {
    return find(this, "[name=shape]", HTMLSelectElement);
  }

  get #reach() {
    return find(this, "[name=reach_m]", HTMLInputElement);
  }

  get #corners() {
    return find(this, "[name=corners]", HTMLTextAreaElement);
  }

  /** Takes the fields over; what cannot be read is named. @param {boolean} follow move the map there too */
  #read(follow) {
    const lines = this.#corners.value.split("\n").map((line) => line.trim());
    const spots = lines.map((line) => (line ? readSpot(line) : undefined));
    const wrong = lines.findIndex((line, n) => line && !spots[n]);
    const corners = spots.filter((spot) => spot !== undefined);
    this.#say(wrong < 0 ? t("draw.count", { count: corners.length }) : t("draw.unread", { n: wrong + 1 }));
    if (!this.#shape.value) return;
    this.#open().draw({ shape: this.#shape.value, corners, reachM: Number(this.#reach.value) || 0 }, follow);
  }

  /** @param {Spot[]} corners @param {boolean} show on the map too */
  #write(corners, show) {
    this.#corners.value = corners.map(({ lon, lat }) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`).join("\n");
    this.#say(t("draw.count", { count: corners.length }));
    if (show) this.#read(false);
  }

  /** @param {string} words */
  #say(words) {
    this.#said.textContent = words;
  }

  #open() {
    if (this.#map) return this.#map;
    const map = /** @type {CityMap} */ (document.createElement("city-map"));
    map.className = "drawn-place__map";
    map.setAttribute("mode", "draw");
    this.#map = map;
    this.#said.before(map);
    return map;
  }
}

customElements.define("drawn-place", DrawnPlace);
