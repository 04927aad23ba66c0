/**
 * `<desk-words>`: around the form of a verb. Everything that is typed or attached is kept on this machine at once and on
 * the server soon after, is there again when the page is opened anew, and can be thrown away and taken back. The form
 * inside works without it.
 */

import { filesOf, nameFiles } from "city/appeal/form-files.js";
import { dropWritten, readForPage, readWritten } from "city/appeal/written.js";
import { draftForm } from "city/desk/deliver.js";
import { KeptForm } from "city/desk/kept-form.js";
import { find } from "city/site/dom.js";
import { Refused } from "city/site/http.js";
import { t } from "city/site/texts.js";

/** Of so many texts that were sent, any may be the one in a page that was made a moment ago. */
const BASES_MOST = 8;

/** @typedef {import("city/desk/session.js").Session} Session */
/** @typedef {import("city/outbox/store.js").StoredFile} StoredFile */
/** @typedef {{values: Record<string, string>, text: string, files: StoredFile[]}} Content */

/** @extends {KeptForm<Content>} */
export class DeskWords extends KeptForm {
  /** @type {import("city/appeal/files.js").Files | undefined} */
  #files;
  /** Texts that the server, or the page that comes next, may have from here. @type {string[]} */
  #bases = [];

  /** @override */
  start() {
    this.#bases = [this.#text?.value ?? ""];
    this.#files = filesOf(this.#form, () => this.edited());
    this.#form.addEventListener("input", () => this.edited());
    void this.#restore();
  }

  /**
   * Makes the form ready to be sent: its files are on the server, and all of it is kept there as a draft, which goes when
   * the form has been taken. False when something must be done first, which is said.
   */
  async ready() {
    await this.#files?.delivered();
    if (this.#files?.hasRefused) return this.#refuse(this.#files.refusals.join(" "));
    if (this.#files?.hasWaiting) return this.#refuse(t("desk.unreached"));
    if (!(await this.keepOnServer())) return this.#refuse(t("desk.unreached"));
    nameFiles(this.#form, this.#files);
    return true;
  }

  get #form() {
    return find(this, "form", HTMLFormElement);
  }

  get #text() {
    const field = this.#form.elements.namedItem("text");
    return field instanceof HTMLTextAreaElement ? field : undefined;
  }

  /** @override */
  get place() {
    const { writer = "", number = "", verb = "" } = this.dataset;
    return { writer, number, verb };
  }

  /** Fields beside text, files and what the server put there. */
  get #others() {
    return [...this.#form.elements].filter(
      (field) =>
        (field instanceof HTMLSelectElement || field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) &&
        !["hidden", "file", "submit", "checkbox", "radio"].includes(field.type) &&
        !["", "text"].includes(field.name),
    );
  }

  /** @override @returns {Content} */
  get content() {
    const values = Object.fromEntries(
      this.#others.map((field) => {
        const { name, value } = /** @type {HTMLInputElement} */ (field);
        return [name, value];
      }),
    );
    return { values, text: this.#text?.value ?? "", files: this.#files?.all ?? [] };
  }

  /** @override */
  set content({ values, text, files }) {
    for (const field of this.#others) fill(field, values);
    if (this.#text) this.#text.value = text;
    this.#files?.replace(files);
  }

  /** @override @returns {Content} */
  get blank() {
    return { values: {}, text: "", files: [] };
  }

  /** @override */
  get isBlank() {
    const { text, files } = this.content;
    return !text.trim() && !files.length;
  }

  // On this machine

  /** @override */
  get written() {
    const { values, text } = this.content;
    return { values, text, files: this.#files?.ids ?? [], bases: this.#bases, takes: this.#takes };
  }

  /** Before it is sent, so that another page knows it for this one's. @param {string} text */
  #sends(text) {
    if (this.#bases.includes(text)) return;
    this.#bases = [...this.#bases, text].slice(-BASES_MOST);
    if (readWritten(this.place)) this.write();
  }

  get #takes() {
    return [...this.#form.querySelectorAll("input[name=takes]")].map((field) => /** @type {HTMLInputElement} */ (field).value);
  }

  async #restore() {
    const written = readForPage(this.place);
    if (written) await this.#takeUp(written);
    if (!this.known) void this.keepOnServer();
    if (this.isBlank) return;
    this.closest("details")?.setAttribute("open", "");
    this.say(t("desk.restored"));
    this.show();
  }

  /**
   * What this machine has goes before what the server has, unless the server has heard of it and knows better.
   * @param {import("city/appeal/written.js").Written} written
   */
  async #takeUp({ known, text, files, bases, values }) {
    const server = this.#text?.value ?? "";
    const isThrown = !known && !text.trim() && !files.length;
    if (isThrown ? !bases.includes(server) : known && this.isBlank) {
      // Sent, thrown away or written anew at another machine.
      await dropWritten(this.place);
      return;
    }
    if (isThrown) {
      this.content = { values, text, files: [] };
    } else if (!known) {
      const goesOn = !server.trim() || bases.includes(server) || text.startsWith(server);
      if (this.#text) this.#text.value = goesOn ? text : `${server}\n\n${text}`;
      await this.#files?.restore(files.filter((id) => !this.#files?.ids.includes(id)));
    }
    // A template may have been put into it since.
    this.known = known && text === server;
    for (const field of this.#others) {
      if (!(/** @type {HTMLInputElement} */ (field).value)) fill(field, values);
    }
  }

  // On the server

  /** @override */
  toSend() {
    const { text } = this.content;
    this.#sends(text);
    return draftForm(this.place.verb, { text, takes: this.#takes }, this.#files?.sentIds ?? []);
  }

  /** @override @param {Session} session */
  async send(session) {
    const form = this.toSend();
    const { at, cut } = await session.post(this.url, form);
    if (cut) this.say(t("desk.cut"));
    const isAll = form.get("text") === (this.#text?.value ?? "") && form.getAll("uploads").length === (this.#files?.ids.length ?? 0);
    return { isWhole: isAll && !cut, kept: !this.isBlank, said: t("desk.kept", { time: at }) };
  }

  /** The server knows no such form, which it will say when the form is sent. @override @param {unknown} error */
  notKept(error) {
    return error instanceof Refused && error.status === 404;
  }

  /** @param {string} words */
  #refuse(words) {
    this.say(words);
    return false;
  }
}

/**
 * Gives a field what was kept for it, and tells whoever draws it.
 * @param {Element} field
 * @param {Record<string, string>} values
 */
function fill(field, values) {
  const input = /** @type {HTMLInputElement} */ (field);
  input.value = values[input.name] ?? "";
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

customElements.define("desk-words", DeskWords);
