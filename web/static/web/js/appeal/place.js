/** Where it is: one value from the map's pin, the phone's position, the gazetteer or typed coordinates. */

import { debounce, el } from "city/site/dom.js";
import { Latest, getJson, isAbort } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { formatNumber, t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */
/** @typedef {{name: string, kind: string, district: string, lon: number, lat: number}} Found */

/** Less accurate positions get a warning, so that the pin does not look more certain than it is. */
const IMPRECISE_M = 60;

/**
 * The elements of the form used here.
 * @typedef {object} PlaceParts
 * @property {import("city/elements/city-map.js").CityMap} map
 * @property {HTMLInputElement} address
 * @property {HTMLElement} list
 * @property {HTMLElement} locate
 * @property {HTMLInputElement} coordinates
 * @property {HTMLElement} said
 * @property {HTMLElement} hint
 */

export class PlacePicker {
  #parts;
  #changed;
  #latest = new Latest();
  /** @type {Found[]} */
  #found = [];
  #active = -1;
  /** @type {Spot | undefined} */
  #spot;

  /**
   * @param {PlaceParts} parts
   * @param {(spot: Spot | undefined) => void} changed
   */
  constructor(parts, changed) {
    this.#parts = parts;
    this.#changed = changed;
    const { address, locate, coordinates, map } = parts;
    address.setAttribute("role", "combobox");
    address.setAttribute("aria-autocomplete", "list");
    address.setAttribute("aria-controls", parts.list.id);
    address.setAttribute("aria-expanded", "false");
    address.addEventListener("input", debounce(250, () => void this.#search()));
    address.addEventListener("keydown", (event) => this.#typed(event));
    address.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
    locate.addEventListener("click", () => this.#locate());
    coordinates.addEventListener("change", () => this.#readCoordinates());
    map.addEventListener("city-map:picked", (event) => {
      const spot = /** @type {CustomEvent<Spot>} */ (event).detail;
      this.#take(spot);
      this.#say(t("place.coordinates", { lat: spot.lat.toFixed(5), lon: spot.lon.toFixed(5) }));
    });
  }

  get spot() {
    return this.#spot;
  }

  /**
   * The place of a draft or of the URL: shown without notifying anybody.
   * @param {Spot | undefined} spot
   */
  set(spot) {
    this.#spot = spot;
    this.#parts.map.place(spot);
    this.#parts.hint.hidden = Boolean(spot);
  }

  /** @param {Spot} spot */
  #take(spot) {
    this.#spot = spot;
    this.#parts.hint.hidden = true;
    this.#changed(spot);
  }

  /** @param {Spot} spot */
  #goTo(spot) {
    this.#parts.map.place(spot);
    this.#take(spot);
  }

  /** @param {string} text */
  #say(text) {
    this.#parts.said.textContent = text;
  }

  #locate() {
    if (!navigator.geolocation) {
      this.#say(t("place.denied"));
      return;
    }
    this.#say(t("place.locating"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.#goTo({ lon: coords.longitude, lat: coords.latitude });
        const vague = coords.accuracy > IMPRECISE_M;
        this.#say(
          vague
            ? t("place.imprecise", { metres: formatNumber(Math.round(coords.accuracy)) })
            : t("place.coordinates", { lat: coords.latitude.toFixed(5), lon: coords.longitude.toFixed(5) }),
        );
      },
      () => this.#say(t("place.denied")),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  }

  #readCoordinates() {
    const spot = readSpot(this.#parts.coordinates.value);
    if (spot) this.#goTo(spot);
  }

  async #search() {
    const words = this.#parts.address.value.trim();
    if (words.length < Number(this.#parts.address.dataset.wordsMin)) return this.#close();
    this.#say(t("place.searching"));
    try {
      const url = `${settings.urls.places}?${new URLSearchParams({ q: words })}`;
      this.#show(await getJson(url, this.#latest.begin()));
    } catch (error) {
      if (isAbort(error)) return;
      this.#close();
      this.#say(t("place.searchFailed"));
    }
  }

  /** @param {Found[]} found */
  #show(found) {
    const { list, address } = this.#parts;
    this.#found = found;
    this.#active = -1;
    list.replaceChildren(
      ...found.map((place, at) =>
        el(
          "li",
          { role: "option", id: `place-option-${at}`, "aria-selected": "false", onmousedown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => this.#choose(at) },
          el("span", {}, place.name),
          el("small", {}, place.district),
        ),
      ),
    );
    list.hidden = !found.length;
    address.setAttribute("aria-expanded", String(found.length > 0));
    address.removeAttribute("aria-activedescendant");
    this.#say(found.length ? t("place.found", { count: found.length }) : t("place.none"));
  }

  #close() {
    this.#parts.list.hidden = true;
    this.#parts.address.setAttribute("aria-expanded", "false");
    this.#parts.address.removeAttribute("aria-activedescendant");
  }

  /** @param {number} at */
  #choose(at) {
    const place = this.#found[at];
    if (!place) return;
    this.#parts.address.value = withHouse(place.name, this.#parts.address.value);
    this.#close();
    this.#goTo({ lon: place.lon, lat: place.lat });
    this.#say(t("place.chosen", { place: place.name }));
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    const open = !this.#parts.list.hidden;
    if (event.key === "Escape") {
      this.#close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && open) {
      event.preventDefault();
      this.#activate((this.#active + (event.key === "ArrowDown" ? 1 : this.#found.length - 1)) % this.#found.length);
    } else if (event.key === "Enter") {
      // Enter in the address must not send the appeal.
      event.preventDefault();
      if (open) this.#choose(Math.max(0, this.#active));
      else void this.#search();
    }
  }

  /** @param {number} at */
  #activate(at) {
    this.#active = Math.max(0, at);
    const options = [...this.#parts.list.children];
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#active)));
    this.#parts.address.setAttribute("aria-activedescendant", `place-option-${this.#active}`);
    options[this.#active]?.scrollIntoView({ block: "nearest" });
  }
}

/**
 * A pair as phones and maps show it: latitude first. The server parses and checks it the same way.
 * @param {string} text
 * @returns {Spot | undefined} undefined for any other text
 */
export function readSpot(text) {
  const match = text.match(/^\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*$/);
  if (!match) return undefined;
  const [first, second] = [Number(match[1]), Number(match[2])];
  const swapped = !inCity(second, first) && inCity(first, second);
  return swapped ? { lon: first, lat: second } : { lon: second, lat: first };
}

/**
 * @param {number} lon
 * @param {number} lat
 */
function inCity(lon, lat) {
  const [west, south, east, north] = settings.map.bounds;
  return west <= lon && lon <= east && south <= lat && lat <= north;
}

/**
 * The street's name with the house number typed after it.
 * @param {string} name
 * @param {string} typed
 */
function withHouse(name, typed) {
  const house = typed.trim().match(/[\s,]+(\d+\s?[\p{L}/-]?\d*)$/u)?.[1];
  return house && !name.includes(house) ? `${name}, ${house}` : name;
}
