/**
 * `<desk-session>`: one on each page of the desk. It asks whether the person is still logged in before any form is sent,
 * and says so when not; what the forms hold is kept by the elements around them. Its children are the sentences, one for each
 * standing.
 */

import { deliverLeft } from "city/desk/deliver.js";
import { ASKED, Session } from "city/desk/session.js";
import { DeskLive } from "city/elements/desk-live.js";
import { DeskSheet } from "city/elements/desk-sheet.js";
import { DeskWords } from "city/elements/desk-words.js";

/** A form that nothing has come of after this long may be sent again. */
const GIVEN_UP_MS = 15_000;

/** @typedef {import("city/desk/session.js").Standing} Standing */
/**
 * An element around a form, which makes it ready to be sent and learns that it goes, or that it stays after all.
 * @typedef {HTMLElement & {ready(): Promise<boolean>, leave(): void, stay(): void}} Around
 */

const AROUND = "desk-words, desk-sheet, desk-caller";

export class DeskSession extends HTMLElement {
  #session = new Session(this.dataset.url ?? "", this.dataset.writer ?? "");
  /** @type {Standing} */
  #standing = "same";
  /** Forms that have been asked for and may go. @type {WeakSet<HTMLFormElement>} */
  #passed = new WeakSet();
  #busy = false;

  connectedCallback() {
    document.addEventListener("submit", (event) => this.#submitted(event));
    document.addEventListener(ASKED, (event) => {
      if (event instanceof CustomEvent) this.#said(event.detail);
    });
    document.addEventListener("visibilitychange", () => this.#seen());
    window.addEventListener("focus", () => this.#seen());
    window.addEventListener("online", () => this.#seen());
    window.addEventListener("pageshow", () => this.#stay());
    for (const each of document.querySelectorAll("desk-words, desk-sheet, desk-live")) {
      if (each instanceof DeskWords || each instanceof DeskSheet || each instanceof DeskLive) each.begin(this.#session);
    }
    void this.#deliverLeft();
  }

  /** The page is looked at again: perhaps after a log-in in another tab. */
  #seen() {
    if (document.visibilityState === "visible" && !this.#busy) void this.#session.ask();
  }

  /** @param {SubmitEvent} event */
  #submitted(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post" || !form.closest("main")) return;
    if (this.#passed.delete(form)) return;
    event.preventDefault();
    if (!this.#busy) void this.#send(form, event.submitter);
  }

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement | null} button
   */
  async #send(form, button) {
    this.#busy = true;
    button?.setAttribute("aria-disabled", "true");
    const [own] = around([form.closest(AROUND)]);
    const mayGo = (await this.#session.ask()) === "same" && (!own || (await own.ready()));
    if (!mayGo) {
      this.#stay();
      return;
    }
    own?.leave();
    this.#passed.add(form);
    form.requestSubmit(button);
    // What brings a file, or is shown in another tab, leaves the page as it is, with its other buttons to be pressed.
    if (form.hasAttribute("data-brings-file") || button?.hasAttribute("formtarget")) this.#stay();
    else setTimeout(() => this.#stay(), GIVEN_UP_MS);
  }

  #stay() {
    this.#busy = false;
    for (const button of document.querySelectorAll("main button[aria-disabled=true]")) button.removeAttribute("aria-disabled");
    for (const each of around(document.querySelectorAll(AROUND))) each.stay();
  }

  /** @param {Standing} standing */
  #said(standing) {
    const isBack = standing === "same" && this.#standing !== "same";
    if (standing === "same" && !isBack) return;
    this.#standing = standing;
    for (const sentence of this.querySelectorAll("[data-standing]")) {
      if (sentence instanceof HTMLElement) sentence.hidden = sentence.dataset.standing !== (isBack ? "back" : standing);
    }
  }

  async #deliverLeft() {
    if (await deliverLeft(this.#session)) this.querySelector("[data-left]")?.removeAttribute("hidden");
  }
}

/**
 * Those of the elements whose modules have been loaded.
 * @param {Iterable<Element | null>} elements
 */
function around(elements) {
  return /** @type {Around[]} */ ([...elements].filter((each) => each && "ready" in each));
}

customElements.define("desk-session", DeskSession);
