/**
 * `<appeal-pin>`: around the field with latitude and longitude in a form that puts an appeal's place right: a marked place whose
 * pin stands where the appeal is. Says who would answer there for the category of the form. Empty, the place stays.
 */

import { RoutePreview } from "city/appeal/route-preview.js";
import { MarkedPlace } from "city/elements/marked-place.js";
import { el } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

export class AppealPin extends MarkedPlace {
  #answers = el("div", { className: "route", role: "status" });
  #route = new RoutePreview(this.#answers, () => undefined, { waiting: t("appealPin.same"), failed: t("appealPin.failed"), due: false, alike: false });

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    this.append(this.#answers);
    this.#category?.addEventListener("change", () => this.changed(), { signal: this.signal });
  }

  /** @override */
  get words() {
    return { hint: t("appealPin.hint"), back: t("appealPin.back"), sign: "reopen", unread: t("appealPin.unread") };
  }

  /** Where the appeal is now. @override @returns {Spot} */
  get was() {
    return { lon: Number(this.dataset.lon), lat: Number(this.dataset.lat) };
  }

  /** @override */
  changed() {
    const chosen = this.#category?.value ?? "";
    const asked = this.spot || chosen;
    void this.#route.ask(asked ? this.spot ?? this.was : undefined, chosen || (this.dataset.category ?? ""), "");
  }

  get #category() {
    const field = this.closest("form")?.elements.namedItem("category");
    return field instanceof HTMLSelectElement ? field : undefined;
  }
}

customElements.define("appeal-pin", AppealPin);
