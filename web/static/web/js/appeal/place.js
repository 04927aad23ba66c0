/** Where it is: one value from the map's pin, the phone's position, the gazetteer or typed coordinates. */

import { inCity, readSpot, spotAt } from "city/map/extent.js";
import { debounce, el, handOver } from "city/site/dom.js";
import { Latest, getJson, isAbort } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { formatNumber, t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */
/** @typedef {{name: string, kind: string, district: string, lon: number, lat: number}} Found */

/** Less accurate positions get a warning, so that the pin does not look more certain than it is. */
const IMPRECISE_M = 60;
/** An address that was given for a place farther off than this is in doubt. */
const FAR_M = 300;
/** Kind of what the server finds for coordinates. */
const COORDINATES = "coordinates";
const METRES_PER_DEGREE = 111_195;

/**
 * The elements of the form used here.
 * @typedef {object} PlaceParts
 * @property {import("city/elements/city-map.js").CityMap} map
 * @property {HTMLInputElement} address
 * @property {HTMLElement} list
 * @property {HTMLElement} [locate] asks for the position of the device
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
  /** The words that `#found` is the answer to, and those that are being looked for. */
  #answered = "";
  #sought = "";
  #active = -1;
  /** @type {Spot | undefined} */
  #spot;
  /**
   * What the address was given for: the place chosen, else the pin. A street is long: its pin may be far from its middle.
   * @type {{spot: Spot, certain: boolean} | undefined}
   */
  #addressed;
  /** What is to be said of the address as long as the pin stays. */
  #doubt = "";

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
    address.addEventListener("input", debounce(250, () => {
      // Whoever goes on at once has asked already.
      if (![this.#sought, this.#answered].includes(address.value.trim())) void this.#search();
    }));
    address.addEventListener("input", () => {
      this.#addressed = this.#spot && { spot: this.#spot, certain: false };
    });
    address.addEventListener("keydown", (event) => this.#typed(event));
    address.addEventListener("blur", () => setTimeout(() => {
      if (document.activeElement !== address) this.#close();
    }, 150));
    locate?.addEventListener("click", () => this.#locate());
    handOver([locate]);
    coordinates.addEventListener("change", () => void this.#readCoordinates());
    map.addEventListener("city-map:picked", (event) => {
      const { rough, ...spot } = /** @type {CustomEvent<Spot & {rough?: boolean}>} */ (event).detail;
      this.#take(spot);
      if (rough) this.#say(t("place.rough"));
      else this.#sayWhere(spot);
    });
  }

  get spot() {
    return this.#spot;
  }

  /**
   * Takes the place that the address names, where it names one alone and none has been given.
   * @returns {Promise<string>} what is to be done for one; empty if there is one
   */
  async settled() {
    if (this.#spot) return "";
    const words = this.#parts.address.value.trim();
    if (words.length < Number(this.#parts.address.dataset.wordsMin)) return t("form.required.point");
    // The list may still be on its way.
    if (this.#answered !== words) await this.#search();
    if (this.#answered !== words) return this.#spot ? "" : t("place.noList");
    if (this.#found.length === 1) this.#choose(0);
    if (this.#spot) return "";
    if (!this.#found.length) return t("place.none");
    this.#show(this.#found);
    return t("place.choose");
  }

  /**
   * The place of a draft or of the URL, in degrees: shown without notifying anybody; what is none in the city is taken away.
   * @param {string} lon
   * @param {string} lat
   * @returns {Spot | undefined} the place that is shown
   */
  begin(lon, lat) {
    if (!lon || !lat) return undefined;
    const spot = spotAt(Number(lon), Number(lat));
    if (!spot || !inCity(spot.lon, spot.lat)) this.#takeAway(t("place.outsideTyped"));
    else this.#set(spot);
    return this.#spot;
  }

  /** @param {Spot | undefined} spot */
  #set(spot) {
    this.#spot = spot;
    this.#parts.map.place(spot);
    this.#parts.hint.hidden = Boolean(spot);
    if (spot) this.#showCoordinates(spot);
  }

  /** @param {Spot} spot */
  #take(spot) {
    this.#spot = spot;
    this.#parts.hint.hidden = true;
    this.#showCoordinates(spot);
    this.#doubtAddress(spot);
    this.#changed(spot);
  }

  /**
   * Pin and coordinates stand in one form: where both are given, they say the same.
   * @param {Spot} spot
   */
  #showCoordinates(spot) {
    const { coordinates } = this.#parts;
    if (coordinates.value) coordinates.value = `${spot.lat.toFixed(6)}, ${spot.lon.toFixed(6)}`;
  }

  /**
   * Takes out the address of a place that the pin has left, and says so; says where an address may be wrong.
   * @param {Spot} spot
   */
  #doubtAddress(spot) {
    const { address } = this.#parts;
    const away = this.#addressed && metresBetween(this.#addressed.spot, spot);
    this.#doubt = "";
    if (!away || away <= FAR_M || !address.value.trim()) return;
    const words = { address: address.value.trim(), metres: formatNumber(Math.round(away / 10) * 10) };
    this.#doubt = t(this.#addressed?.certain ? "place.addressGone" : "place.addressFar", words);
    if (!this.#addressed?.certain) return;
    address.value = "";
    this.#addressed = undefined;
  }

  /** @param {Spot} spot */
  #sayWhere(spot) {
    this.#say(t("place.coordinates", { lat: spot.lat.toFixed(5), lon: spot.lon.toFixed(5) }));
  }

  /**
   * Takes the place where a photo was taken, unless another was given before.
   * @param {import("city/appeal/exif.js").Taken} taken
   * @returns {string} what is to be said of it
   */
  photographed({ accuracy, ...spot }) {
    if (this.#spot) return "";
    const there = inCity(spot.lon, spot.lat);
    if (there) this.#goTo(spot, accuracy);
    const words = t(there ? "place.photo" : "place.photoOutside");
    this.#say(words);
    return words;
  }

  /**
   * @param {Spot} spot
   * @param {number} [accuracyM] metres within which it is, if that is known
   */
  #goTo(spot, accuracyM) {
    this.#parts.map.place(spot, accuracyM);
    this.#take(spot);
  }

  /** @param {string} text */
  #say(text) {
    this.#parts.said.textContent = [text, this.#doubt].filter(Boolean).join(" ");
  }

  #locate() {
    if (!navigator.geolocation) {
      this.#say(t("place.denied"));
      return;
    }
    this.#say(t("place.locating"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        if (!inCity(coords.longitude, coords.latitude)) return this.#say(t("place.outside"));
        this.#goTo({ lon: coords.longitude, lat: coords.latitude }, coords.accuracy);
        const vague = coords.accuracy > IMPRECISE_M;
        this.#say(t(vague ? "place.imprecise" : "place.located", { metres: formatNumber(Math.ceil(coords.accuracy)) }));
      },
      () => this.#say(t("place.denied")),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 0 },
    );
  }

  /** Coordinates that cannot be read leave no pin: the appeal would go to the place before. */
  async #readCoordinates() {
    const typed = this.#parts.coordinates.value.trim();
    if (!typed) return;
    try {
      const spot = readSpot(typed) ?? (await this.#spelled(typed));
      if (!spot) return this.#takeAway(t("place.unreadable"));
      if (!inCity(spot.lon, spot.lat)) return this.#takeAway(t("place.outsideTyped"));
      this.#goTo(spot);
      this.#sayWhere(spot);
    } catch (error) {
      if (!isAbort(error)) this.#takeAway(t("place.searchFailed"));
    }
  }

  /** @param {string} why */
  #takeAway(why) {
    this.#set(undefined);
    this.#changed(undefined);
    this.#doubt = "";
    this.#say(why);
  }

  /**
   * The place of coordinates in any spelling, which the server reads.
   * @param {string} typed
   * @returns {Promise<Spot | undefined>}
   */
  async #spelled(typed) {
    this.#say(t("place.searching"));
    const [found] = /** @type {Found[]} */ (await this.#ask(typed));
    return found?.kind === COORDINATES ? { lon: found.lon, lat: found.lat } : undefined;
  }

  /** @param {string} words */
  #ask(words) {
    return getJson(`${settings.urls.places}?${new URLSearchParams({ q: words })}`, this.#latest.begin());
  }

  async #search() {
    const words = this.#parts.address.value.trim();
    if (words.length < Number(this.#parts.address.dataset.wordsMin)) return this.#close();
    this.#say(t("place.searching"));
    this.#sought = words;
    try {
      const found = await this.#ask(words);
      this.#answered = words;
      this.#show(found);
    } catch (error) {
      if (isAbort(error)) return;
      this.#sought = "";
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
    const spot = { lon: place.lon, lat: place.lat };
    this.#close();
    this.#addressed = undefined;
    if (place.kind === COORDINATES) {
      this.#parts.address.value = "";
      this.#parts.coordinates.value = place.name;
      this.#goTo(spot);
      this.#sayWhere(spot);
      return;
    }
    this.#parts.address.value = withHouse(place.name, this.#parts.address.value);
    this.#sought = this.#answered = this.#parts.address.value.trim();
    this.#goTo(spot);
    this.#addressed = { spot, certain: place.kind !== "street" };
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
 * @param {Spot} one
 * @param {Spot} other
 */
function metresBetween(one, other) {
  const north = one.lat - other.lat;
  const east = (one.lon - other.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(north, east) * METRES_PER_DEGREE;
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
