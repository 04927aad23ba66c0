/**
 * `<desk-sheet>`: around a form of many fields that is of no appeal, as that of the news. All of its values are kept on
 * this machine at once and on the server soon after, are there again when the page is opened anew, and can be thrown away
 * and taken back. A picture is on the server as soon as it is chosen. The form inside works without it.
 */

import { dropWritten, readForPage } from "city/appeal/written.js";
import { valuesForm } from "city/desk/deliver.js";
import { KeptForm } from "city/desk/kept-form.js";
import { find } from "city/site/dom.js";
import { Refused } from "city/site/http.js";
import { t } from "city/site/texts.js";

/** What the server puts into the form, or what is no words. */
const NOT_WRITTEN = ["csrfmiddlewaretoken", "writer", "picture", "form_id"];

/** @typedef {import("city/desk/session.js").Session} Session */
/** @typedef {Record<string, string>} Values */

/** @extends {KeptForm<Values>} */
export class DeskSheet extends KeptForm {
  /** What the form says when nothing is written in it. @type {Values} */
  #own = {};
  #last = "";

  /** @override */
  start() {
    this.#own = JSON.parse(document.getElementById("own-values")?.textContent ?? "{}");
    this.#restore();
    this.#last = JSON.stringify(this.content);
    for (const event of ["input", "change", "click", "city-map:drawn"]) {
      // After whoever fills in fields by itself has done so.
      this.addEventListener(event, () => queueMicrotask(() => this.#look()));
    }
    this.#picture.addEventListener("change", () => void this.keepOnServer());
    if (!this.known) void this.keepOnServer();
    this.show();
  }

  /** Everything is on the server, which forgets its draft when the form has been taken. */
  async ready() {
    if (this.known && !this.#picture.files?.length) return true;
    if (await this.keepOnServer()) return true;
    if (!this.#said.textContent) this.say(t("desk.unreached"));
    return false;
  }

  get #form() {
    return find(this, "form", HTMLFormElement);
  }

  get #picture() {
    return find(this, "input[type=file]", HTMLInputElement);
  }

  get #said() {
    return find(this, "[data-said]", HTMLElement);
  }

  /** @override */
  get place() {
    const [number = "", verb = ""] = (this.dataset.page ?? "").split("/");
    return { writer: this.dataset.writer ?? "", number, verb };
  }

  /** @override @returns {Values} */
  get content() {
    const written = [...new FormData(this.#form)].filter(([name, value]) => typeof value === "string" && !NOT_WRITTEN.includes(name));
    return Object.fromEntries(written.map(([name, value]) => [name, String(value)]));
  }

  /** @override */
  set content(values) {
    for (const field of this.#form.elements) {
      if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement)) continue;
      if (NOT_WRITTEN.includes(field.name) || !field.name) continue;
      if (field instanceof HTMLInputElement && field.type === "radio") field.checked = values[field.name] === field.value;
      else if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = Boolean(values[field.name]);
      else field.value = values[field.name] ?? "";
    }
    if (!values.picture_kept) this.#form.querySelector('.news-form__picture[src^="blob:"]')?.remove();
    // Whoever draws the place reads it anew.
    this.#form.querySelector("[name=shape]")?.dispatchEvent(new Event("change", { bubbles: true }));
    this.#last = JSON.stringify(this.content);
  }

  /** @override */
  get blank() {
    return this.#own;
  }

  /** @override */
  get isBlank() {
    const values = this.content;
    return Object.keys({ ...values, ...this.#own }).every((name) => (values[name] ?? "") === (this.#own[name] ?? ""));
  }

  /** What this machine has and the server has not heard of goes before what the server has. */
  #restore() {
    const written = readForPage(this.place);
    if (!written) return;
    if (written.known) {
      // Sent, thrown away or written anew at another machine.
      void dropWritten(this.place);
      return;
    }
    this.content = written.values;
    this.known = false;
    if (!this.isBlank) this.say(t("desk.restored"));
  }

  #look() {
    const now = JSON.stringify(this.content);
    if (this.isLeaving || now === this.#last) return;
    this.#last = now;
    this.edited();
  }

  /** @override */
  get written() {
    return { text: "", values: this.content, files: [], bases: [], takes: [], whole: true };
  }

  /** @override */
  toSend() {
    return valuesForm(this.content);
  }

  /** @override @param {Session} session */
  async send(session) {
    const sent = JSON.stringify(this.content);
    const picture = this.#picture.files?.[0];
    const form = this.toSend();
    if (picture) form.set("picture", picture);
    const { at, kept, token } = await session.post(this.url, form);
    if (picture) this.#pictureIsKept(picture, token);
    const isWhole = Boolean(picture) || sent === JSON.stringify(this.content);
    if (isWhole) this.#last = JSON.stringify(this.content);
    return { isWhole, kept, said: t("desk.sheetKept", { time: at }) };
  }

  /** @override @param {unknown} error */
  notKept(error) {
    if (error instanceof Refused && error.status === 400) this.say(error.errors.picture?.join(" ") || t("upload.failed"));
    return false;
  }

  /** It is shown, and comes with the form by what names it. @param {File} picture @param {string} token */
  #pictureIsKept(picture, token) {
    this.#picture.value = "";
    find(this, "[name=picture_kept]", HTMLInputElement).value = token;
    const place = find(this, "[data-picture]", HTMLElement);
    const shown = place.querySelector("img") ?? document.createElement("img");
    shown.className = "news-form__picture";
    shown.alt = "";
    shown.src = URL.createObjectURL(picture);
    this.#picture.before(shown);
  }
}

customElements.define("desk-sheet", DeskSheet);
