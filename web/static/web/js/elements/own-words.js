/**
 * `<own-words data-number data-verb data-version data-writer>`: around a form on the author's own page, or of a resident's comment. What is typed and attached is kept on
 * this device, is there again when the page is opened anew, and is not sent into a dead network. `data-sent`: the form holds what
 * was sent and refused. The form inside works without it.
 */

import { filesOf, nameFiles } from "city/appeal/form-files.js";
import { AUTHOR, FORGOTTEN, dropWritten, placesOf, readForPage, readWritten, writeWritten } from "city/appeal/written.js";
import { CONNECTION_CHANGED, isOffline, suspectSilence } from "city/site/connection.js";
import { el, find } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** A form that nothing has come of after this long may be sent again. */
const GIVEN_UP_MS = 15_000;
/** The verb that takes the words of those that may not be done any more. */
const HEIR = "add";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

export class OwnWords extends HTMLElement {
  /** @type {import("city/appeal/files.js").Files | undefined} */
  #files;
  /** It has been asked whether the server answers: the form goes. */
  #goes = false;
  #busy = false;
  /** What was kept stands in the form again. */
  #isReady = false;
  /** @type {HTMLElement | undefined} */
  #again;

  connectedCallback() {
    const form = this.#form;
    form.addEventListener("submit", (event) => {
      if (this.#goes) return;
      event.preventDefault();
      if (!this.#busy) void this.#send(event.submitter);
    });
    window.addEventListener("pageshow", () => this.#stay());
    window.addEventListener(FORGOTTEN, () => this.#clear());
    window.addEventListener(CONNECTION_CHANGED, () => {
      if (!isOffline() && this.#said?.textContent === t("desk.unreached")) this.#say(t("online"));
    });
    this.#files = filesOf(form, () => this.#edited());
    void this.#start();
  }

  async #start() {
    await this.#restore();
    const form = this.#form;
    form.addEventListener("input", () => this.#edited());
    form.addEventListener("change", () => this.#edited());
    // A pin is moved without a word.
    window.addEventListener("pagehide", () => this.#keep());
  }

  get #form() {
    return find(this, "form", HTMLFormElement);
  }

  get #place() {
    const { number = "", verb = "", writer = AUTHOR } = this.dataset;
    return { writer, number, verb };
  }

  get #said() {
    return this.querySelector("[data-said]");
  }

  /** What people fill in. @returns {Field[]} */
  get #fields() {
    return [...this.#form.elements].filter(isField);
  }

  /** The server gives back what was sent and refused. */
  get #isRefused() {
    return this.hasAttribute("data-sent");
  }

  /** What stands in the fields now, where the page did not come with it as the appeal has it. */
  get #values() {
    const own = this.#fields.filter(this.#isRefused ? isFilled : isChanged);
    return Object.fromEntries(own.map(({ name, value }) => [name, value]));
  }

  /** @param {{sent?: boolean}} [options] it is on its way */
  #keep({ sent = false } = {}) {
    if (this.#goes || !this.#isReady) return true;
    const values = this.#values;
    const files = this.#files?.ids ?? [];
    if (!files.length && !Object.keys(values).length) {
      void dropWritten(this.#place);
      return false;
    }
    const version = this.dataset.version ?? "";
    return writeWritten(this.#place, { text: "", values, files, bases: [version], known: sent, url: "", takes: [], whole: true });
  }

  #edited() {
    if (!this.#isReady) return;
    this.#say(this.#keep() ? t("draft.saved") : "");
  }

  async #restore() {
    const written = this.#isRefused ? undefined : readForPage(this.#place);
    // The appeal has gone on since it was sent.
    const isDone = written?.known && !written.bases.includes(this.dataset.version ?? "");
    if (isDone) void dropWritten(this.#place);
    const values = isDone ? {} : { ...written?.values };
    if (this.dataset.verb === HEIR) this.#inherit(values);
    for (const field of this.#fields) if (field.name in values) fill(field, values[field.name] ?? "");
    if (written && !isDone) await this.#files?.restore(written.files);
    this.#isReady = true;
    // It may say by now what was to be said; what was refused is newer than what is kept.
    if (!this.#keep() || this.#isRefused) return;
    this.closest("details")?.setAttribute("open", "");
    this.#say(t("desk.restored"));
    const anew = () => {
      if (confirm(t("draft.discardSure"))) this.#clear();
    };
    this.#again = el("button", { type: "button", className: "button button--quiet button--small", onclick: anew }, t("draft.discard"));
    this.#said?.after(this.#again);
  }

  /** The form as the page came with it. */
  #clear() {
    this.#form.reset();
    this.#files?.clear();
    for (const field of this.#fields) tell(field);
    this.#say("");
    this.#again?.remove();
  }

  /** Takes over the text, and the place, of forms that the page does not have any more. @param {Record<string, string>} values */
  #inherit(values) {
    for (const place of placesOf(AUTHOR)) {
      if (place.number !== this.dataset.number || document.querySelector(`own-words[data-verb="${place.verb}"]`)) continue;
      const written = readWritten(place);
      const { text, address, point } = (!written?.known && written?.values) || {};
      const where = [address, point].filter(Boolean).join(", ");
      values.text = [values.text, text, where].filter(Boolean).join("\n\n");
      void dropWritten(place);
    }
  }

  /** @param {HTMLElement | null} button */
  async #send(button) {
    this.#busy = true;
    button?.setAttribute("aria-disabled", "true");
    this.#keep();
    if (navigator.onLine) await suspectSilence();
    if (!isOffline()) await this.#files?.delivered();
    const refused = this.#files?.refusals.join(" ");
    if (refused || isOffline() || this.#files?.hasWaiting) {
      this.#say(refused || t("desk.unreached"), { isBad: true });
      this.#said?.scrollIntoView({ block: "nearest" });
      this.#stay();
      return;
    }
    nameFiles(this.#form, this.#files);
    this.#keep({ sent: true });
    this.#goes = true;
    this.#form.requestSubmit(button);
    setTimeout(() => this.#stay(), GIVEN_UP_MS);
  }

  #stay() {
    this.#busy = this.#goes = false;
    for (const button of this.querySelectorAll("button[aria-disabled=true]")) button.removeAttribute("aria-disabled");
  }

  /**
   * @param {string} words
   * @param {{isBad?: boolean}} [options]
   */
  #say(words, { isBad = false } = {}) {
    if (!this.#said) return;
    if (this.#said.textContent !== words) this.#said.textContent = words;
    this.#said.classList.toggle("field-error", isBad);
    this.#said.classList.toggle("muted", !isBad);
  }
}

/** @param {Element} element @returns {element is Field} */
function isField(element) {
  const isOne = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;
  return isOne && Boolean(element.name) && !["hidden", "file", "checkbox"].includes(element.type);
}

/** @param {Field} field */
function isChanged(field) {
  if (field instanceof HTMLSelectElement) {
    const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
    return field.value !== first?.value;
  }
  if (field.type === "radio") return field instanceof HTMLInputElement && field.checked && !field.defaultChecked;
  return field.value !== field.defaultValue;
}

/** @param {Field} field */
const isFilled = (field) => (field instanceof HTMLInputElement && field.type === "radio" ? field.checked : Boolean(field.value));

/**
 * Gives a field what was kept for it.
 * @param {Field} field
 * @param {string} value
 */
function fill(field, value) {
  if (field instanceof HTMLInputElement && field.type === "radio") field.checked = field.value === value;
  else field.value = value;
  tell(field);
}

/** Tells whoever draws it. @param {Field} field */
const tell = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));

customElements.define("own-words", OwnWords);
