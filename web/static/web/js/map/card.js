/** Details of the selected pin: a card at the map's edge, a bottom sheet on phones. */

import { el, icon } from "city/site/dom.js";
import { getJson } from "city/site/http.js";
import { appealUrl, featureUrl } from "city/site/settings.js";
import { formatDay, formatMoment, formatNumber, t } from "city/site/texts.js";

/**
 * What the map itself knows about an appeal.
 * @typedef {object} Brief
 * @property {string} id
 * @property {number} number
 * @property {string} kind kind of the feature ("appeal")
 * @property {string} status
 * @property {string} category code
 * @property {string} [service] code
 * @property {string} [submitted_at]
 * @property {number} [overdue] 1 where the term has passed
 */

/** Names of codes in the page's language. */
/** @typedef {{category: Record<string, string>, service: Record<string, string>, status: Record<string, string>}} Names */

export class Card {
  element = el("section", { className: "map-card", tabIndex: -1, hidden: true, "aria-label": t("card.title") });
  #names;
  #dismissed;
  #onClose;
  #opened = 0;

  /**
   * @param {Names} names
   * @param {() => void} dismissed called when the reader wants it closed
   * @param {() => void} onClose
   */
  constructor(names, dismissed, onClose) {
    this.#names = names;
    this.#dismissed = dismissed;
    this.#onClose = onClose;
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") dismissed();
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  close() {
    if (!this.isOpen) return;
    this.#opened += 1;
    this.element.hidden = true;
    this.#onClose();
  }

  /** @param {Brief} brief */
  show(brief) {
    const extra = el("div", { className: "map-card__more" }, el("span", { className: "skeleton" }));
    this.#open(
      el("div", { className: "map-card__head" }, ...this.#status(brief), el("span", { className: "map-card__number" }, `№ ${brief.number}`)),
      el("h2", { className: "map-card__title" }, this.#names.category[brief.category] ?? brief.category),
      extra,
      el("a", { className: "button button--primary button--wide", href: appealUrl(brief.number) }, t("card.open"), icon("chevron")),
    );
    void this.#fill(brief, extra, this.#opened);
  }

  /**
   * Several appeals at one spot, to choose from.
   * @param {Brief[]} briefs
   */
  showMany(briefs) {
    const items = briefs.map((brief) =>
      el(
        "li",
        {},
        el(
          "a",
          { className: "map-card__item", href: appealUrl(brief.number) },
          ...this.#status(brief),
          el("span", {}, this.#names.category[brief.category] ?? brief.category),
          el("span", { className: "map-card__number" }, `№ ${brief.number}`),
        ),
      ),
    );
    this.#open(
      el("h2", { className: "map-card__title" }, t("card.many", { count: briefs.length })),
      el("ul", { className: "map-card__list", role: "list" }, ...items),
    );
  }

  /**
   * Planned works at one place.
   * @param {import("city/map/works.js").Works[]} works
   */
  showWorks(works) {
    const items = works.map(({ title, url, starts_at: startsAt, ends_at: endsAt }) =>
      el(
        "li",
        {},
        el(
          "a",
          { className: "map-card__item", href: new URL(url, location.href).pathname },
          el("span", {}, title),
          el("span", { className: "small muted" }, `${formatMoment(startsAt)} – ${formatMoment(endsAt)}`),
        ),
      ),
    );
    this.#open(el("h2", { className: "map-card__title" }, t("map.works")), el("ul", { className: "map-card__list", role: "list" }, ...items));
    this.element.setAttribute("aria-label", t("map.works"));
  }

  /** @param {...HTMLElement} content */
  #open(...content) {
    this.#opened += 1;
    this.element.setAttribute("aria-label", t("card.title"));
    const close = el("button", { type: "button", className: "map-card__close", "aria-label": t("close"), onclick: this.#dismissed }, icon("cross"));
    this.element.replaceChildren(close, ...content);
    this.element.hidden = false;
    this.element.focus({ preventScroll: true });
  }

  /** @param {Brief} brief */
  #status({ status, overdue }) {
    const badge = (/** @type {string} */ name, /** @type {string} */ words) =>
      el("span", { className: `status status--${name}` }, icon(`status-${name}`), words);
    return [badge(status, this.#names.status[status] ?? status), ...(overdue ? [badge("overdue", t("map.overdue"))] : [])];
  }

  /**
   * @param {Brief} brief
   * @param {HTMLElement} place
   * @param {number} opened
   */
  async #fill(brief, place, opened) {
    /** @type {Record<string, any>} */
    let full;
    try {
      const feature = await getJson(featureUrl(String(brief.id)));
      full = feature.properties ?? feature;
    } catch {
      // The card already shows what matters; the appeal's page has its own error state.
      place.replaceChildren();
      return;
    }
    if (opened !== this.#opened) return;
    const photo = full.attachments?.find((/** @type {any} */ one) => one.thumb);
    place.replaceChildren(
      ...[
        photo && el("img", { className: "map-card__photo", src: new URL(photo.thumb, location.href).pathname, alt: "", loading: "lazy" }),
        el("p", { className: "map-card__text", lang: full.language, dir: "auto" }, shorten(String(full.text ?? ""))),
        full.support_state && el("p", { className: "map-card__voices" }, icon("people"), voices(full)),
        el(
          "p",
          { className: "map-card__facts" },
          el("span", {}, this.#names.service[full.service?.code ?? full.service] ?? ""),
          full.submitted_at && el("span", {}, formatDay(full.submitted_at)),
        ),
      ].filter(Boolean),
    );
  }
}

/**
 * What a proposal has gathered, and what follows from it.
 * @param {Record<string, any>} full
 */
function voices({ support_state: state, supporters, support_needed: needed, due_on: due }) {
  return t(`card.${state}`, { count: formatNumber(supporters), needed: formatNumber(needed), day: formatDay(due) });
}

/** @param {string} text */
function shorten(text) {
  return text.length > 160 ? `${text.slice(0, 157).trimEnd()}…` : text;
}
