/**
 * `<desk-keys>`: the desk by single keys, a dialog that lists them, and a hint that there is one. Nothing of it acts while
 * one types but Esc and Ctrl+Enter, and the single keys can be switched off (WCAG 2.1.4). A key is what is written on it, or where it lies on a keyboard with
 * another alphabet.
 */

import { find, handOver } from "city/site/dom.js";
import { remember, remembered } from "city/site/memory.js";

const OFF = "desk/keys-off";
const HINTED = "desk/keys-hinted";

/** After `g`, the second key must follow within this time. */
const SECOND_KEY_MS = 1_500;

export class DeskKeys extends HTMLElement {
  #waitsForSecond = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #second;

  connectedCallback() {
    const dialog = this.#dialog;
    const buttons = document.querySelectorAll("[data-keys-help]");
    for (const button of buttons) button.addEventListener("click", () => this.#help());
    handOver(buttons);
    find(dialog, "[data-close]", HTMLElement).addEventListener("click", () => dialog.close());
    const isOn = find(dialog, "input", HTMLInputElement);
    isOn.checked = !remembered(OFF);
    isOn.addEventListener("change", () => remember(OFF, !isOn.checked));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    this.#hint();
  }

  get #dialog() {
    return find(this, "dialog", HTMLDialogElement);
  }

  #hint() {
    const hint = find(this, "[data-hint]", HTMLElement);
    if (remembered(HINTED) || remembered(OFF)) return;
    hint.hidden = false;
    remember(HINTED, true);
    find(hint, "button", HTMLElement).addEventListener("click", () => (hint.hidden = true));
  }

  #help() {
    find(this, "[data-hint]", HTMLElement).hidden = true;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.#publish(event)) event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Escape" && target.matches("main textarea")) {
      // Out of the text, so that keys are keys again; what was typed is kept.
      if (target instanceof HTMLElement) target.blur();
      return;
    }
    if (remembered(OFF) || this.#dialog.open || isTypedInto(target)) return;
    const key = keyOf(event);
    if (this.#waitsForSecond) {
      this.#waitsForSecond = false;
      clearTimeout(this.#second);
      if (key === "q" && this.#follow("[data-key=queue]")) event.preventDefault();
      return;
    }
    if (this.#act(key)) event.preventDefault();
  }

  /**
   * Presses the button below the text of an answer; in no other form, and once however long the keys are held down.
   * @param {KeyboardEvent} event
   */
  #publish({ target, repeat, isComposing, shiftKey, altKey, defaultPrevented }) {
    if (!(target instanceof HTMLTextAreaElement) || isComposing || shiftKey || altKey || defaultPrevented) return false;
    const button = target.form?.querySelector("[data-key=publish]");
    if (!(button instanceof HTMLButtonElement)) return false;
    if (!repeat) button.click();
    return true;
  }

  /** @param {string} key */
  #act(key) {
    switch (key) {
      case "?":
        this.#help();
        return true;
      case "g":
        this.#waitsForSecond = true;
        this.#second = setTimeout(() => (this.#waitsForSecond = false), SECOND_KEY_MS);
        return true;
      case "j":
        return this.#step(1) || this.#follow("[data-key=next]");
      case "k":
        return this.#step(-1) || this.#follow("[data-key=previous]");
      case "n":
        return this.#follow("[data-key=next]");
      case "o":
        return this.#follow("[data-appeal]:focus-within [data-key=open]");
      case "a":
        return this.#answer();
      case "/":
        return this.#search();
      default:
        return false;
    }
  }

  /** Goes along the rows of a list; the one that the address names is where one came back from. @param {1 | -1} way */
  #step(way) {
    const rows = [...document.querySelectorAll("[data-appeal] [data-key=open]")];
    if (!rows.length) return false;
    const here = document.querySelector("[data-appeal]:focus-within, [data-appeal]:target")?.querySelector("[data-key=open]");
    const at = here ? rows.indexOf(here) + way : way > 0 ? 0 : rows.length - 1;
    const row = rows[Math.min(Math.max(at, 0), rows.length - 1)];
    if (row instanceof HTMLElement) {
      row.focus();
      row.closest("[data-appeal]")?.scrollIntoView({ block: "nearest" });
    }
    return true;
  }

  /** @param {string} selector */
  #follow(selector) {
    const link = document.querySelector(selector);
    if (!(link instanceof HTMLAnchorElement)) return false;
    link.click();
    return true;
  }

  #answer() {
    const text = document.querySelector("[data-key=answer] textarea");
    if (!(text instanceof HTMLElement)) return false;
    text.closest("details")?.setAttribute("open", "");
    text.focus();
    text.scrollIntoView({ block: "nearest" });
    return true;
  }

  #search() {
    const field = document.querySelector("main input[type=search]");
    if (field instanceof HTMLInputElement) {
      field.focus();
      field.select();
      return true;
    }
    return this.#follow("[data-key=search]");
  }
}

/** @param {KeyboardEvent} event */
function keyOf({ key, code, shiftKey }) {
  // The key of / and ? with a Russian or Kyrgyz alphabet.
  if (code === "Slash" && key === (shiftKey ? "," : ".")) return shiftKey ? "?" : "/";
  if (/^[a-z/?]$/i.test(key)) return shiftKey && key !== "?" && key !== "/" ? "" : key.toLowerCase();
  return /^Key[A-Z]$/.test(code) && !shiftKey ? code.slice(-1).toLowerCase() : "";
}

/** @param {Element} target */
function isTypedInto(target) {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "file"].includes(target.type);
  return target.matches("textarea, select, [contenteditable=true]");
}

customElements.define("desk-keys", DeskKeys);
