/** Who answers, by when and why: fetched as soon as the place and the category are known. */

import { el, icon } from "city/site/dom.js";
import { Latest, Refused, getJson, isAbort, postJson } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { formatDay, t } from "city/site/texts.js";

/** @typedef {import("city/map/spot.js").Spot} Spot */

/** @typedef {{number: number, url: string, support_url: string, text: string, language: string, status: string, reasons: string[]}} Alike */
/** @typedef {{district: {name: string} | null, service: {name: string}, explanation: string, due_on: string, question: string, alike: Alike[]}} Preview */

export class RoutePreview {
  #place;
  #refused;
  #options;
  #latest = new Latest();
  #asked = "";

  /**
   * @param {HTMLElement} place
   * @param {(errors: Record<string, string[]>) => void} refused the place itself is not acceptable
   * @param {{waiting?: string, failed?: string, due?: boolean, alike?: boolean, said?: (service: string) => void}} [options]
   *   what is said before there is anything to ask, and when it cannot be asked; whether the last day of the answer is said,
   *   and appeals that are perhaps the same; what hears who answers, in a sentence that is empty while that is not known
   */
  constructor(place, refused, options = {}) {
    this.#place = place;
    this.#refused = refused;
    this.#options = { waiting: t("route.waiting"), failed: t("route.failed"), due: true, alike: true, said: () => undefined, ...options };
    this.#wait();
  }

  /**
   * @param {Spot | undefined} spot
   * @param {string} category
   * @param {string} kind empty: a civic report
   * @param {{text: string, uploads: string[]}} [draft] what tells which appeals are perhaps the same
   */
  async ask(spot, category, kind, draft) {
    if (!spot || !category) {
      this.#asked = "";
      this.#latest.stop();
      return this.#wait();
    }
    const query = new URLSearchParams({ lon: spot.lon.toFixed(6), lat: spot.lat.toFixed(6), category });
    if (kind) query.set("kind", kind);
    const asked = `${query} ${JSON.stringify(draft)}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    try {
      const signal = this.#latest.begin();
      const body = { ...Object.fromEntries(query), lon: spot.lon, lat: spot.lat, ...draft };
      this.#show(await (draft ? postJson(settings.urls.route, body, signal) : getJson(`${settings.urls.route}?${query}`, signal)));
      this.#refused({});
    } catch (error) {
      if (isAbort(error)) return;
      this.#asked = "";
      const wrong = error instanceof Refused && !error.passing;
      this.#note(wrong ? Object.values(error.errors).flat().join(" ") : this.#options.failed);
      if (wrong) this.#refused(error.errors);
    }
  }

  #wait() {
    this.#note(this.#options.waiting);
  }

  /** @param {string} text */
  #note(text) {
    this.#options.said("");
    this.#place.replaceChildren(el("p", { className: "route__card route__card--waiting" }, text));
  }

  /** @param {Preview} preview */
  #show({ district, service, explanation, due_on: dueOn, question, alike }) {
    const answers = t("route.title", { service: service.name });
    this.#options.said(answers);
    this.#place.replaceChildren(
      el(
        "div",
        { className: "route__card" },
        el("p", { className: "route__service" }, answers),
        el(
          "p",
          { className: "route__facts" },
          this.#options.due && el("span", {}, icon("calendar"), t("route.due", { day: formatDay(dueOn) })),
          district && el("span", {}, icon("pin"), t("route.district", { district: district.name })),
        ),
        el("p", { className: "route__why" }, t("route.because", { reason: explanation })),
        question && el("p", {}, t("route.question", { question })),
      ),
      ...(this.#options.alike && alike.length ? [alikeCard(alike)] : []),
    );
  }
}

/** @param {Alike[]} alike */
function alikeCard(alike) {
  return el(
    "section",
    { className: "card stack stack--tight" },
    el("h3", { className: "side-title" }, t("alike.title")),
    el("ul", { className: "alike__list", role: "list" }, ...alike.map(alikeRow)),
    el("p", { className: "small muted" }, t("alike.what")),
  );
}

/** @param {Alike} alike */
function alikeRow({ number, url, support_url: supportUrl, text, language, status, reasons }) {
  // Elsewhere: what is typed here stays as it is.
  const link = el("a", { href: url, target: "_blank" }, `№ ${number}`);
  const facts = [reasons.join(", "), status];
  return el(
    "li",
    { className: "alike__one" },
    el("p", {}, link, ` · ${facts.join(" · ")}`),
    el("p", { className: "small muted", lang: language, dir: "auto" }, text),
    el(
      "button",
      { className: "button button--small", name: "supported", value: "yes", formAction: supportUrl, formEnctype: "application/x-www-form-urlencoded" },
      icon("plus"),
      t("alike.support"),
    ),
  );
}
