/**
 * `<appeal-browser>`: combines the filter form, list and map of the front page.
 *
 * The form works by itself; this shows changes at once, keeps every filter in the URL, and lets the back button
 * undo them, as it closes the list and the card. Whoever comes back from an appeal finds the page as it was left.
 */

import { isOffline } from "city/site/connection.js";
import { closeLikeMenu, debounce, el, find, handOver, icon } from "city/site/dom.js";
import { entry, keep, leave, open } from "city/site/entry.js";
import { Latest, isAbort, request } from "city/site/http.js";
import { t } from "city/site/texts.js";
import { bboxText } from "city/map/extent.js";
import { CityMap } from "city/elements/city-map.js";

/** Form fields that do not count as filters on the form's button. */
const UNCOUNTED = new Set(["q", "bbox"]);

export class AppealBrowser extends HTMLElement {
  #latest = new Latest();
  /** @type {import("city/map/extent.js").Box | undefined} */
  #frame;
  /** The query that the page shows. */
  #shown = location.search;
  #stop = new AbortController();

  connectedCallback() {
    const { signal } = this.#stop;
    closeLikeMenu(this.#menu, signal);
    this.#form.addEventListener("change", () => this.#apply("push"), { signal });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#apply("push");
      this.#menu.open = false;
    }, { signal });
    const typed = debounce(350, () => this.#apply("replace"));
    find(this.#form, "[name=q]", HTMLInputElement).addEventListener("input", typed, { signal });
    this.#frameBox.addEventListener("change", () => this.#frameToggled(), { signal });
    this.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.addEventListener("city-map:moved", (event) => this.#moved(event), { signal });
    this.addEventListener("city-map:answered", (event) => this.#answeredToggled(event), { signal });
    this.addEventListener("pointerover", (event) => this.#pointed(event), { signal });
    window.addEventListener("popstate", () => this.#wentBack(), { signal });
    this.#map.filter = this.#mapFilter();
    this.#countList();
    this.#otherLanguages();
    // An entry that keeps nothing is told apart from a place that somebody types into the address.
    history.replaceState(entry(), "");
    this.#view(entry().view ?? "map");
    handOver([...this.querySelectorAll("[data-show]"), this.#frameBox]);
    void this.#scrollBack();
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#latest.stop();
  }

  get #form() {
    return find(this, "form", HTMLFormElement);
  }

  get #menu() {
    return find(this, ".filters__more", HTMLDetailsElement);
  }

  get #map() {
    return find(this, "city-map", CityMap);
  }

  get #results() {
    return find(this, "[data-results]", HTMLElement);
  }

  get #frameBox() {
    return find(this, "[data-frame]", HTMLInputElement);
  }

  /** The form's filters, without empty ones. */
  #filter() {
    const filter = new URLSearchParams();
    for (const [name, value] of new FormData(this.#form)) {
      if (typeof value === "string" && value.trim()) filter.set(name, value.trim());
    }
    return filter;
  }

  /** The filters for the map, which has its own frame; without a status, the page is of what awaits an answer. */
  #mapFilter() {
    const filter = this.#filter();
    filter.delete("bbox");
    if (!filter.has("status")) filter.set("status", this.dataset.awaiting ?? "");
    return filter;
  }

  /**
   * Shows what the form selects. Typing replaces the URL, a choice adds a history entry.
   * @param {"push" | "replace" | "keep"} history
   */
  #apply(history) {
    const filter = this.#filter();
    const address = `${location.pathname}${filter.size ? `?${filter}` : ""}${location.hash}`;
    const forMap = this.#mapFilter();
    // The map's own filter closes the card.
    const same = String(forMap) === String(this.#map.filter);
    const { view, card } = entry();
    if (history === "push" && address !== location.pathname + location.search + location.hash) {
      window.history.pushState(same ? { view, card } : { view }, "", address);
    } else if (history === "replace") {
      window.history.replaceState(same ? entry() : { view }, "", address);
    }
    this.#shown = location.search;
    // What was wrong with the address that the page was opened with; the list says what is wrong now.
    for (const said of this.#form.querySelectorAll(".field-error")) said.remove();
    for (const field of this.#form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    this.#showCount(filter);
    this.#otherLanguages();
    if (!same) this.#map.filter = forMap;
    void this.#loadList(filter);
  }

  #wentBack() {
    // A place typed into the address is the map's.
    if (!history.state) return history.replaceState({}, "");
    this.#view(entry().view ?? "map");
    if (location.search !== this.#shown) this.#fromAddress();
    // Closing a card or the list does not move the map to where it was when they were opened.
    else if (this.#map.fragment) history.replaceState(history.state, "", this.#map.fragment);
  }

  #fromAddress() {
    const wanted = new URLSearchParams(location.search);
    for (const field of this.#form.elements) {
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
        if (field.name) field.value = wanted.get(field.name) ?? "";
      }
      // What is shown without being asked for has no choice of its own.
      if (field instanceof HTMLSelectElement && field.selectedIndex < 0) field.selectedIndex = 0;
    }
    this.#frameBox.checked = wanted.has("bbox");
    this.#apply("keep");
  }

  /** @param {URLSearchParams} filter */
  async #loadList(filter) {
    const signal = this.#latest.begin();
    const results = this.#results;
    results.setAttribute("aria-busy", "true");
    try {
      const query = new URLSearchParams(filter);
      query.set("fragment", "list");
      const response = await request(`${location.pathname}?${query}`, { signal });
      results.innerHTML = await response.text();
      results.parentElement?.scrollTo({ top: 0 });
      results.removeAttribute("aria-busy");
    } catch (error) {
      if (isAbort(error)) return;
      results.removeAttribute("aria-busy");
      results.replaceChildren(this.#failure(() => void this.#loadList(filter)));
    }
    this.#countList();
  }

  /**
   * @param {HTMLAnchorElement} link
   * @param {boolean} [follow] the focus goes to what is new
   */
  async #loadMore(link, follow = true) {
    const results = this.#results;
    const holder = link.closest("p") ?? link;
    link.setAttribute("aria-disabled", "true");
    try {
      const query = new URLSearchParams(link.search);
      query.set("fragment", "list");
      const response = await request(`${location.pathname}?${query}`);
      const next = document.createElement("template");
      next.innerHTML = await response.text();
      const rows = [...next.content.querySelectorAll("[data-rows] > li")];
      results.querySelector("[data-rows]")?.append(...rows);
      holder.replaceWith(...next.content.querySelectorAll(".results__more"));
      if (follow) rows[0]?.querySelector("a")?.focus();
    } catch {
      holder.replaceWith(this.#failure(() => void this.#loadMore(link)));
    }
  }

  /** @param {() => void} retry */
  #failure(retry) {
    const note = el(
      "div",
      { className: "notice notice--error", role: "alert" },
      icon(isOffline() ? "offline" : "alert"),
      el(
        "div",
        { className: "stack stack--tight" },
        el("p", {}, t(isOffline() ? "offline.list" : "list.failed")),
        el("button", { type: "button", className: "button button--small", onclick: () => (note.remove(), retry()) }, t("retry")),
      ),
    );
    return note;
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = event.target instanceof Element ? event.target : null;
    if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (target.closest("[data-rows] a")) this.#keepPlace();
    const show = target.closest("[data-show]");
    if (show instanceof HTMLElement) return this.#switch(show.dataset.show === "list" ? "list" : "map");
    const link = target.closest("a[data-filter-link], a[data-more]");
    if (!(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    if ("more" in link.dataset) {
      void this.#loadMore(link);
      return;
    }
    window.history.pushState({ view: entry().view }, "", `${location.pathname}${link.search}${location.hash}`);
    this.#fromAddress();
    find(this.#form, "[name=q]", HTMLInputElement).focus({ preventScroll: true });
  }

  /** @param {"map" | "list"} view */
  #switch(view) {
    if (view === "list") open("view", view);
    else leave("view");
    this.#view(view);
    find(this, `[data-show="${view === "map" ? "list" : "map"}"]`, HTMLElement).focus();
  }

  /** @param {"map" | "list"} view */
  #view(view) {
    if (this.dataset.view === view) return;
    this.dataset.view = view;
    if (view === "map") this.#map.resize();
  }

  /** Where the list is left: how many rows it has, and how far it and the page are scrolled. */
  #keepPlace() {
    const rows = this.#results.querySelectorAll("[data-rows] > li").length;
    keep("left", { rows, list: this.#results.parentElement?.scrollTop ?? 0, page: window.scrollY });
  }

  /** The list as it was left. */
  async #scrollBack() {
    const { left } = entry();
    if (!left) return;
    for (let rows = 0; rows < left.rows; ) {
      const more = this.#results.querySelector("[data-more]");
      const now = this.#results.querySelectorAll("[data-rows] > li").length;
      if (now >= left.rows || now === rows || !(more instanceof HTMLAnchorElement)) break;
      rows = now;
      await this.#loadMore(more, false);
    }
    this.#results.parentElement?.scrollTo({ top: left.list, behavior: "instant" });
    window.scrollTo({ top: left.page, behavior: "instant" });
  }

  /** @param {Event} event */
  #moved(event) {
    this.#frame = /** @type {CustomEvent} */ (event).detail;
    this.#otherLanguages();
    if (this.#frameBox.checked) this.#frameToggled("replace");
  }

  /** @param {Event} event */
  #answeredToggled(event) {
    const every = /** @type {CustomEvent<boolean>} */ (event).detail ? this.dataset.everyStatus : "";
    find(this.#form, "[name=status]", HTMLSelectElement).value = every ?? "";
    this.#apply("push");
  }

  /** @param {"push" | "replace"} [history] */
  #frameToggled(history = "push") {
    const box = this.#frameBox.checked ? this.#frame ?? this.#map.frame : undefined;
    find(this.#form, "[name=bbox]", HTMLInputElement).value = box ? bboxText(box) : "";
    this.#apply(history);
  }

  /** The button that leads to the list says how many it has, wherever the map is. */
  #countList() {
    const count = this.#results.querySelector("[data-count]");
    find(this, "[data-count-copy]", HTMLElement).textContent = count instanceof HTMLElement ? count.dataset.count ?? "" : "";
  }

  /** Highlights on the map the place of the row under the pointer. @param {PointerEvent} event */
  #pointed(event) {
    const row = event.target instanceof Element ? event.target.closest("[data-lon]") : null;
    if (row instanceof HTMLElement) this.#map.hint({ lon: Number(row.dataset.lon), lat: Number(row.dataset.lat) });
    else this.#map.hint(undefined);
  }

  /** @param {URLSearchParams} filter */
  #showCount(filter) {
    const badge = find(this, "[data-filter-count]", HTMLElement);
    const count = [...filter.keys()].filter((name) => !UNCOUNTED.has(name)).length;
    badge.textContent = String(count);
    badge.hidden = count === 0;
  }

  /** The language switch keeps the filters and the map's place. */
  #otherLanguages() {
    for (const link of document.querySelectorAll(".languages a")) {
      if (!(link instanceof HTMLAnchorElement)) continue;
      link.search = location.search;
      link.hash = this.#map.fragment || location.hash;
    }
  }
}

customElements.define("appeal-browser", AppealBrowser);
