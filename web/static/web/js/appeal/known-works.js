/** Works under way where the pin is: known already, said at once, and nobody is kept from writing. */

import { el, icon } from "city/site/dom.js";
import { Latest, getJson, isAbort } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { formatMoment, t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

export class KnownWorks {
  #place;
  #latest = new Latest();
  #asked = "";

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
  }

  /** @param {Spot | undefined} spot */
  async ask(spot) {
    const at = spot ? `${spot.lon.toFixed(6)},${spot.lat.toFixed(6)}` : "";
    if (at === this.#asked) return;
    this.#asked = at;
    if (!at) {
      this.#latest.stop();
      return this.#place.replaceChildren();
    }
    try {
      const query = new URLSearchParams({ at, lang: settings.language });
      const { features } = await getJson(`${settings.urls.news}?${query}`, this.#latest.begin());
      this.#place.replaceChildren(...(features.length ? [notice(features)] : []));
    } catch (error) {
      if (isAbort(error)) return;
      // It is not needed for an appeal; a place that cannot be is refused where it is checked.
      this.#asked = "";
      this.#place.replaceChildren();
    }
  }
}

/** @param {import("geojson").Feature[]} features */
function notice(features) {
  const rows = features.map(({ properties }) =>
    el(
      "li",
      {},
      // Elsewhere: what is typed here stays as it is.
      el("a", { href: new URL(properties?.url, location.href).pathname, target: "_blank" }, properties?.title),
      " ",
      el("span", { className: "small" }, t("works.until", { until: formatMoment(properties?.ends_at) })),
    ),
  );
  return el(
    "section",
    { className: "notice notice--info known-works" },
    icon("works"),
    el(
      "div",
      {},
      el("h3", { className: "side-title" }, t("works.known")),
      el("ul", { className: "known-works__list", role: "list" }, ...rows),
      el("p", { className: "small muted" }, t("works.what")),
    ),
  );
}
