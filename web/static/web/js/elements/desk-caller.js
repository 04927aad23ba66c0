/**
 * `<desk-caller>`: around the form in which an appeal is taken down for somebody who phones. The map and the address find
 * the place, and who would answer is said with appeals that are perhaps the same, while the caller speaks. The form is sent
 * as it is; the server shows once more what is perhaps the same before anything is written.
 */

import { Files } from "city/appeal/files.js";
import { KnownWorks } from "city/appeal/known-works.js";
import { PlacePicker } from "city/appeal/place.js";
import { RoutePreview } from "city/appeal/route-preview.js";
import { CityMap } from "city/elements/city-map.js";
import { el, find } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

export class DeskCaller extends HTMLElement {
  #stop = new AbortController();
  #changed = false;
  #leaving = false;
  /** @type {Files | undefined} */
  #files;

  connectedCallback() {
    const { signal } = this.#stop;
    const form = find(this, "form", HTMLFormElement);
    const part = (/** @type {string} */ selector) => find(this, selector, HTMLElement);
    const field = (/** @type {string} */ name) => find(form, `[name="${name}"]`, HTMLInputElement);
    const select = (/** @type {string} */ name) => find(form, `select[name="${name}"]`, HTMLSelectElement);
    const [lon, lat, category, kind] = [field("lon"), field("lat"), select("category"), select("kind")];
    const error = part("[data-error=point]");
    const route = new RoutePreview(part("[data-route]"), (errors) => (error.textContent = errors.point?.join(" ") ?? ""), {
      // The server has shown them, with a button for each.
      alike: !this.querySelector("#alike"),
    });
    const works = new KnownWorks(part("[data-works]"));
    const place = new PlacePicker(
      {
        map: find(this, "city-map", CityMap),
        address: find(this, "[data-address]", HTMLInputElement),
        list: part("#place-list"),
        coordinates: find(this, "[data-coordinates]", HTMLInputElement),
        said: part("[data-place-said]"),
        hint: part("[data-tap-hint]"),
      },
      (spot) => {
        lon.value = spot ? spot.lon.toFixed(7) : "";
        lat.value = spot ? spot.lat.toFixed(7) : "";
        this.#changed = true;
        error.textContent = "";
        ask(spot);
      },
    );
    const ask = (/** @type {Spot | undefined} */ spot) => {
      void works.ask(spot);
      void route.ask(spot, category.value, kind.value);
    };
    for (const chosen of [category, kind]) chosen.addEventListener("change", () => ask(place.spot), { signal });
    form.addEventListener("input", () => (this.#changed = true), { signal });
    // A form that was sent is left on purpose; one that was not is asked about: nothing of a caller stays on the device.
    window.addEventListener("beforeunload", (event) => this.#changed && !this.#leaving && event.preventDefault(), { signal });
    this.#takeFiles();
    ask(place.begin(lon.value, lat.value));
  }

  /** The list of files takes the place of the field's own, with those that the server has received already. */
  #takeFiles() {
    const parts = {
      list: find(this, "[data-files]", HTMLElement),
      input: find(this, "[data-file-input]", HTMLInputElement),
      drop: find(this, ".files__drop", HTMLElement),
      error: find(this, "[data-error=files]", HTMLElement),
    };
    const kept = [...parts.list.querySelectorAll("[data-kept]")];
    this.#files = new Files(parts, () => (this.#changed = true), { keeps: false });
    for (const had of kept) {
      const name = had.querySelector(".file__name")?.textContent ?? "";
      this.#files.adopt({ id: find(had, "input", HTMLInputElement).value, name, thumb: had.querySelector("img")?.src });
      had.remove();
    }
  }

  /** Makes the form ready to be sent: its files are on the server. False when something must be done first, which is said. */
  async ready() {
    const files = this.#files;
    if (!files) return true;
    await files.delivered();
    if (files.hasRefused || files.hasWaiting) {
      const error = find(this, "[data-error=files]", HTMLElement);
      error.textContent = files.hasRefused ? files.refusals.join(" ") : t("desk.unreached");
      error.scrollIntoView({ block: "center" });
      return false;
    }
    const form = find(this, "form", HTMLFormElement);
    for (const old of form.querySelectorAll("input[name=uploads]")) old.remove();
    form.append(...files.ids.map((id) => el("input", { type: "hidden", name: "uploads", value: id })));
    return true;
  }

  /** The form is being sent: nobody asks whether to leave it. */
  leave() {
    this.#leaving = true;
  }

  stay() {
    this.#leaving = false;
  }

  disconnectedCallback() {
    this.#stop.abort();
  }
}

customElements.define("desk-caller", DeskCaller);
