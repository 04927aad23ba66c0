/**
 * The steps of a long form on a narrow screen: one at a time, each a state of the history with an address of its own
 * (`#step-place`), so that Back goes a step back. On a wide screen all of them are one page.
 *
 * A part of the form with `data-step` belongs to the steps that it names; a part without one is always there.
 */

import { el, handOver } from "city/site/dom.js";
import { t } from "city/site/texts.js";

const NARROW = matchMedia("not all and (min-width: 60rem)");
const PREFIX = "#step-";

/** @typedef {{step: string, depth: number}} Entry what the history keeps of a step, and how many of ours lie before it */

export class Steps {
  #form;
  #options;
  /** @type {string[]} */
  #names;
  #at = "";
  #depth = 0;
  #left = false;

  /**
   * @param {HTMLElement} form with `[data-next]`, `[data-back]`, `[data-steps-bar]`, and `[data-go]` for ways to a step
   * @param {{complete: (step: string) => Promise<boolean>, shown: (step: string) => void}} options whether a step can be left
   *   forwards, which says why it cannot; what is to be done when one is shown
   */
  constructor(form, options) {
    this.#form = form;
    this.#options = options;
    this.#names = [...new Set(this.#parts.flatMap(namesOf))];
    const count = this.#names.length;
    this.#names.forEach((name, index) => this.#title(name)?.prepend(el("span", { className: "step__of" }, t("steps.of", { number: index + 1, count }), " ")));
    form.querySelector("[data-steps-bar]")?.append(...this.#names.map(() => el("span")));
    form.querySelector("[data-next]")?.addEventListener("click", () => void this.next());
    form.querySelector("[data-back]")?.addEventListener("click", () => this.#back());
    for (const way of form.querySelectorAll("[data-go]")) {
      way.addEventListener("click", () => this.go(way.getAttribute("data-go") ?? ""));
    }
    handOver(form.querySelectorAll("[data-next], [data-back], [data-go]"));
    window.addEventListener("popstate", ({ state }) => this.#moved(state));
    if (NARROW.matches) history.scrollRestoration = "manual";
    const entry = entryOf(history.state);
    this.#depth = entry?.depth ?? 0;
    this.#set(this.#named(location.hash) ?? entry?.step ?? this.#names[0] ?? "");
    this.#note();
  }

  /** True when what is left of the form is on other steps: it is not to be sent yet. */
  get goesOn() {
    return NARROW.matches && this.#at !== this.#names.at(-1);
  }

  /** The next step, if nothing is missing in this one. */
  async next() {
    const at = this.#at;
    const next = this.#names[this.#names.indexOf(at) + 1];
    // Whoever has gone elsewhere meanwhile stays there.
    if (next && (await this.#options.complete(at)) && this.#at === at) this.go(next);
  }

  /**
   * Shows a step, in the history after the one that is shown now.
   * @param {string} name
   */
  go(name) {
    if (!NARROW.matches || name === this.#at || !this.#names.includes(name)) return;
    this.#depth += 1;
    history.pushState(null, "", PREFIX + name);
    this.#show(name);
  }

  /** Shows the step of an element of the form. @param {Element | null} element */
  reveal(element) {
    const part = element?.closest("[data-step]");
    const names = part ? namesOf(part) : [];
    if (names[0] && !names.includes(this.#at)) this.go(names[0]);
  }

  /** The step that an element of the form is on; empty for what is on every one. @param {Element | null} element */
  of(element) {
    const part = element?.closest("[data-step]");
    return (part && namesOf(part)[0]) ?? "";
  }

  /** Goes back to before the second step, so that Back leads from what comes next to what was before the form. */
  async leave() {
    this.#left = true;
    if (!this.#depth) return;
    const arrived = new Promise((resolve) => window.addEventListener("popstate", resolve, { once: true }));
    history.go(-this.#depth);
    await arrived;
  }

  get #parts() {
    return [...this.#form.querySelectorAll("[data-step]")];
  }

  /** @param {string} name */
  #title(name) {
    return this.#parts.find((part) => namesOf(part).includes(name) && part.querySelector("h2"))?.querySelector("h2");
  }

  #back() {
    if (this.#depth) return history.back();
    // The page was opened at this step.
    const before = this.#names[this.#names.indexOf(this.#at) - 1];
    if (before) this.#show(before);
  }

  /** @param {unknown} state */
  #moved(state) {
    if (this.#left) return;
    const entry = entryOf(state);
    const name = entry?.step ?? this.#named(location.hash);
    if (!name) return;
    this.#depth = entry?.depth ?? this.#depth + 1;
    this.#show(name);
  }

  /**
   * The step of an address's fragment: its own, or that of the element it names.
   * @param {string} hash
   */
  #named(hash) {
    const name = hash.startsWith(PREFIX) ? hash.slice(PREFIX.length) : "";
    if (this.#names.includes(name)) return name;
    return this.of(hash ? document.getElementById(hash.slice(1)) : null) || undefined;
  }

  /** @param {string} name */
  #show(name) {
    this.#set(name);
    this.#note();
    if (!NARROW.matches) return;
    const title = this.#title(name);
    window.scrollTo(0, 0);
    if (!title) return;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }

  #note() {
    const first = this.#at === this.#names[0];
    const address = first ? location.pathname + location.search : PREFIX + this.#at;
    history.replaceState({ step: this.#at, depth: this.#depth }, "", NARROW.matches ? address : undefined);
    // The same step in another language.
    for (const link of document.querySelectorAll(".languages a")) {
      if (link instanceof HTMLAnchorElement) link.hash = NARROW.matches && !first ? address : "";
    }
  }

  /** @param {string} name */
  #set(name) {
    this.#at = name;
    const index = this.#names.indexOf(name);
    const last = index === this.#names.length - 1;
    this.#form.dataset.at = last ? "last" : index === 0 ? "first" : "between";
    for (const part of this.#parts) part.toggleAttribute("data-elsewhere", !namesOf(part).includes(name));
    [...(this.#form.querySelector("[data-steps-bar]")?.children ?? [])].forEach((one, at) => one.toggleAttribute("data-done", at <= index));
    this.#options.shown(name);
  }
}

/** @param {Element} part */
const namesOf = (part) => part.getAttribute("data-step")?.split(" ") ?? [];

/** @param {unknown} state @returns {Entry | undefined} */
const entryOf = (state) => (state && typeof state === "object" && "step" in state ? /** @type {Entry} */ (state) : undefined);
