/**
 * `<desk-sheet>`: around a form of many fields that is of no appeal, as that of the news. All of its values are kept on
 * this machine at once and on the server soon after, are there again when the page is opened anew, and can be thrown away
 * and taken back. A picture is on the server as soon as it is chosen. The form inside works without it.
 */

import { valuesForm } from "city/desk/deliver.js";
import { ASKED } from "city/desk/session.js";
import { dropWritten, holdOpen, readForPage, writeWritten } from "city/desk/written.js";
import { debounce, find } from "city/site/dom.js";
import { Refused } from "city/site/http.js";
import { t } from "city/site/texts.js";

const PAUSE_MS = 800;
/** What the server puts into the form, or what is no words. */
const NOT_WRITTEN = ["csrfmiddlewaretoken", "writer", "picture", "form_id"];

/** @typedef {import("city/desk/session.js").Session} Session */
/** @typedef {Record<string, string>} Values */

export class DeskSheet extends HTMLElement {
  /** @type {Session | undefined} */
  #session;
  /** What the form says when nothing is written in it. @type {Values} */
  #own = {};
  #last = "";
  #known = true;
  #leaving = false;
  /** @type {Values | undefined} */
  #thrown;
  #line = Promise.resolve(true);

  /** @param {Session} session */
  begin(session) {
    if (this.#session) return;
    this.#session = session;
    this.#own = JSON.parse(document.getElementById("own-values")?.textContent ?? "{}");
    holdOpen(this.#place);
    this.#restore();
    this.#last = JSON.stringify(this.#values);
    for (const event of ["input", "change", "click", "city-map:drawn"]) {
      // After whoever fills in fields by itself has done so.
      this.addEventListener(event, () => queueMicrotask(() => this.#look()));
    }
    this.#picture.addEventListener("change", () => void this.#keepOnServer());
    find(this, "[data-throw]", HTMLElement).addEventListener("click", () => this.#throwAway());
    find(this, "[data-back]", HTMLElement).addEventListener("click", () => this.#takeBack());
    document.addEventListener(ASKED, (event) => {
      if (event instanceof CustomEvent && event.detail === "same" && !this.#known) void this.#keepOnServer();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && !this.#known && !this.#leaving) this.#lastWords();
    });
    if (!this.#known) void this.#keepOnServer();
    this.#show();
  }

  /** Everything is on the server, which forgets its draft when the form has been taken. */
  async ready() {
    if (this.#known && !this.#picture.files?.length) return true;
    if (await this.#keepOnServer()) return true;
    if (!this.#said.textContent) this.#say(t("desk.unreached"));
    return false;
  }

  leave() {
    this.#leaving = true;
  }

  stay() {
    this.#leaving = false;
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

  get #place() {
    const [number = "", verb = ""] = (this.dataset.page ?? "").split("/");
    return { writer: this.dataset.writer ?? "", number, verb };
  }

  /** @returns {Values} */
  get #values() {
    const written = [...new FormData(this.#form)].filter(([name, value]) => typeof value === "string" && !NOT_WRITTEN.includes(name));
    return Object.fromEntries(written.map(([name, value]) => [name, String(value)]));
  }

  set #values(values) {
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
  }

  get #isOwn() {
    const values = this.#values;
    return Object.keys({ ...values, ...this.#own }).every((name) => (values[name] ?? "") === (this.#own[name] ?? ""));
  }

  /** What this machine has and the server has not heard of goes before what the server has. */
  #restore() {
    const written = readForPage(this.#place);
    if (!written) return;
    if (written.known) {
      // Sent, thrown away or written anew at another machine.
      void dropWritten(this.#place);
      return;
    }
    this.#values = written.values;
    this.#known = false;
    if (!this.#isOwn) this.#say(t("desk.restored"));
  }

  #look() {
    const now = JSON.stringify(this.#values);
    if (this.#leaving || now === this.#last) return;
    this.#last = now;
    this.#thrown = undefined;
    this.#edited();
  }

  #edited() {
    this.#known = false;
    if (this.#keepHere()) this.#say(t("draft.saved"));
    this.#show();
    this.#soon();
  }

  #soon = debounce(PAUSE_MS, () => void this.#keepOnServer());

  #keepHere() {
    const url = this.dataset.url ?? "";
    return writeWritten(this.#place, { text: "", values: this.#values, files: [], bases: [], known: this.#known, url, takes: [], whole: true });
  }

  /** True when the server has all of it. */
  #keepOnServer() {
    this.#line = this.#line.then(() => this.#keepNow());
    return this.#line;
  }

  async #keepNow() {
    const session = this.#session;
    if (!session || this.#leaving) return true;
    const sent = JSON.stringify(this.#values);
    const picture = this.#picture.files?.[0];
    const form = valuesForm(this.#values);
    if (picture) form.set("picture", picture);
    try {
      const { at, kept, token } = await session.post(this.dataset.url ?? "", form);
      if (picture) this.#pictureIsKept(picture, token);
      else if (sent !== JSON.stringify(this.#values)) return true;
      this.#last = JSON.stringify(this.#values);
      this.#known = true;
      if (!kept) await dropWritten(this.#place);
      // Also of what is thrown away: the next page may have been made with the words in it.
      this.#keepHere();
      if (!this.#thrown) this.#say(kept ? t("desk.sheetKept", { time: at }) : "");
      this.#show();
      return true;
    } catch (error) {
      if (error instanceof Refused && error.status === 400) this.#say(error.errors.picture?.join(" ") || t("upload.failed"));
      return false;
    }
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

  /** The page may be gone before there is an answer. */
  #lastWords() {
    void this.#session?.post(this.dataset.url ?? "", valuesForm(this.#values), { keepalive: true }).catch(() => undefined);
  }

  #throwAway() {
    this.#thrown = this.#values;
    this.#values = this.#own;
    this.#last = JSON.stringify(this.#values);
    this.#edited();
    this.#say(t("desk.thrown"));
    find(this, "[data-back]", HTMLElement).focus();
  }

  #takeBack() {
    if (!this.#thrown) return;
    this.#values = this.#thrown;
    this.#look();
  }

  #show() {
    find(this, "[data-throw]", HTMLElement).hidden = this.#isOwn;
    find(this, "[data-back]", HTMLElement).hidden = !this.#thrown;
  }

  /** @param {string} words */
  #say(words) {
    if (this.#said.textContent !== words) this.#said.textContent = words;
  }
}

customElements.define("desk-sheet", DeskSheet);
