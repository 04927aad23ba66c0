/**
 * `<desk-live>`: what others do meanwhile, asked every few seconds. In a list, how many of its rows have changed, come or
 * gone; on an appeal, who else has it open and what has been done to it. It says so in a corner, and moves nothing.
 */

import { find } from "city/site/dom.js";

/** A tab in the background asks this much less often. */
const HIDDEN_FACTOR = 5;

/** @typedef {import("city/desk/session.js").Session} Session */

export class DeskLive extends HTMLElement {
  /** @type {Session | undefined} */
  #session;
  #etag = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #next;

  /** @param {Session} session */
  begin(session) {
    if (this.#session) return;
    this.#session = session;
    document.addEventListener("visibilitychange", this.#seen);
    this.#later();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#next);
  }

  #seen = () => {
    if (document.visibilityState === "visible") void this.#ask();
  };

  #later() {
    clearTimeout(this.#next);
    const every = Number(this.dataset.everyMs) * (document.visibilityState === "hidden" ? HIDDEN_FACTOR : 1);
    this.#next = setTimeout(() => void this.#ask(), every);
  }

  async #ask() {
    clearTimeout(this.#next);
    const session = this.#session;
    try {
      if (session) await (this.dataset.version ? this.#askOfAppeal(session) : this.#askOfList(session));
    } catch {
      // Whoever sends something is told that the server does not answer; this asks again.
    }
    this.#later();
  }

  /** @param {Session} session */
  async #askOfList(session) {
    const response = await session.get(this.dataset.url ?? "", this.#etag ? { "If-None-Match": this.#etag } : {});
    if (response.status === 304) return;
    this.#etag = response.headers.get("ETag") ?? "";
    /** @type {Record<string, number>} */
    const now = (await response.json()).rows;
    const shown = Object.fromEntries(
      [...document.querySelectorAll("[data-appeal]")].map((row) => {
        const { appeal = "", version = "" } = /** @type {HTMLElement} */ (row).dataset;
        return [appeal, Number(version)];
      }),
    );
    const numbers = new Set([...Object.keys(now), ...Object.keys(shown)]);
    const changed = [...numbers].filter((number) => now[number] !== shown[number]).length;
    find(this, "[data-count]", HTMLElement).textContent = String(changed);
    find(this, "p", HTMLElement).hidden = changed === 0;
  }

  /** @param {Session} session */
  async #askOfAppeal(session) {
    const body = new FormData();
    body.set("version", this.dataset.version ?? "");
    body.set("writing", this.#isWriting ? "1" : "");
    /** @type {{steps: string[], present: string[]}} */
    const { steps, present } = await session.post(this.dataset.url ?? "", body);
    this.#say("[data-present]", present);
    this.#say("[data-changed]", steps);
  }

  get #isWriting() {
    return [...document.querySelectorAll("main form textarea")].some(
      (field) => field instanceof HTMLTextAreaElement && !field.readOnly && field.value.trim() !== "",
    );
  }

  /**
   * @param {string} selector
   * @param {string[]} sentences
   */
  #say(selector, sentences) {
    const notice = find(this, selector, HTMLElement);
    const words = find(notice, "[data-words]", HTMLElement);
    const said = sentences.join("; ");
    // The same words again would be read aloud again.
    if (words.textContent !== said) words.textContent = said;
    notice.hidden = !said;
  }
}

customElements.define("desk-live", DeskLive);
