/**
 * `<desk-words>`: around the form of a verb. Everything that is typed or attached is kept on this machine at once and on
 * the server soon after, is there again when the page is opened anew, and can be thrown away and taken back. The form
 * inside works without it.
 */

import { Files } from "city/appeal/files.js";
import { draftForm } from "city/desk/deliver.js";
import { ASKED } from "city/desk/session.js";
import { dropWritten, holdOpen, readForPage, readWritten, writeWritten } from "city/desk/written.js";
import { debounce, el, find } from "city/site/dom.js";
import { Refused } from "city/site/http.js";
import { t } from "city/site/texts.js";

/** The server is told this long after the last letter, and after so many while one goes on typing. */
const PAUSE_MS = 800;
const LETTERS_MOST = 40;
/** Of so many texts that were sent, any may be the one in a page that was made a moment ago. */
const BASES_MOST = 8;

/** @typedef {import("city/desk/session.js").Session} Session */
/** @typedef {import("city/outbox/store.js").StoredFile} StoredFile */
/** @typedef {{values: Record<string, string>, text: string, files: StoredFile[]}} Content */

export class DeskWords extends HTMLElement {
  /** @type {Session | undefined} */
  #session;
  /** @type {Files | undefined} */
  #files;
  /** @type {Content | undefined} */
  #thrown;
  /** Texts that the server, or the page that comes next, may have from here. @type {string[]} */
  #bases = [];
  #known = true;
  #leaving = false;
  #letters = 0;
  /** The last request to keep it: they go one after the other. @type {Promise<boolean>} */
  #line = Promise.resolve(true);

  /** @param {Session} session */
  begin(session) {
    if (this.#session) return;
    this.#session = session;
    this.#bases = [this.#text?.value ?? ""];
    this.#takeFiles();
    holdOpen(this.#place);
    this.#form.addEventListener("input", () => this.#edited());
    find(this, "[data-throw]", HTMLElement).addEventListener("click", () => void this.#throwAway());
    find(this, "[data-back]", HTMLElement).addEventListener("click", () => this.#takeBack());
    document.addEventListener(ASKED, (event) => {
      if (event instanceof CustomEvent && event.detail === "same" && !this.#known) void this.#keepOnServer();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && !this.#known && !this.#leaving) this.#lastWords();
    });
    void this.#restore();
  }

  /** Takes what is typed from now on for sent: until the page is shown again, nothing more is kept. */
  leave() {
    this.#leaving = true;
  }

  stay() {
    this.#leaving = false;
  }

  /**
   * Makes the form ready to be sent: its files are on the server, and all of it is kept there as a draft, which goes when
   * the form has been taken. False when something must be done first, which is said.
   */
  async ready() {
    await this.#files?.delivered();
    if (this.#files?.hasRefused) return this.#refuse(t("upload.failed"));
    if (this.#files?.hasWaiting) return this.#refuse(t("desk.unreached"));
    if (!(await this.#keepOnServer())) return this.#refuse(t("desk.unreached"));
    for (const old of this.#form.querySelectorAll("input[name=uploads]")) old.remove();
    this.#form.append(...(this.#files?.ids ?? []).map((id) => el("input", { type: "hidden", name: "uploads", value: id })));
    return true;
  }

  get #form() {
    return find(this, "form", HTMLFormElement);
  }

  get #text() {
    const field = this.#form.elements.namedItem("text");
    return field instanceof HTMLTextAreaElement ? field : undefined;
  }

  get #place() {
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

  /** @returns {Content} */
  get #content() {
    const values = Object.fromEntries(
      this.#others.map((field) => {
        const { name, value } = /** @type {HTMLInputElement} */ (field);
        return [name, value];
      }),
    );
    return { values, text: this.#text?.value ?? "", files: this.#files?.all ?? [] };
  }

  set #content({ values, text, files }) {
    for (const field of this.#others) fill(field, values);
    if (this.#text) this.#text.value = text;
    this.#files?.replace(files);
  }

  get #isEmpty() {
    const { text, files } = this.#content;
    return !text.trim() && !files.length;
  }

  /** The list of files takes the place of the field's own, with those that the server has received already. */
  #takeFiles() {
    const input = this.#form.querySelector("input[type=file]");
    if (!(input instanceof HTMLInputElement)) return;
    const field = input.parentElement ?? this.#form;
    const list = el("ul", { className: "files", role: "list" });
    const error = el("p", { className: "field-error", role: "alert" });
    field.append(list, error);
    this.#files = new Files({ list, input, drop: field, error }, () => this.#edited());
    for (const had of this.#form.querySelectorAll("[data-received]")) {
      if (!(had instanceof HTMLElement)) continue;
      this.#files.adopt({ id: had.dataset.received ?? "", name: had.dataset.name ?? "", thumb: had.querySelector("img")?.src });
    }
    this.#form.querySelector("[data-received-list]")?.remove();
  }

  // On this machine

  #edited() {
    if (this.#leaving) return;
    this.#thrown = undefined;
    this.#known = false;
    this.#keepHere();
    this.#show();
    if (++this.#letters >= LETTERS_MOST) void this.#keepOnServer();
    else this.#soon();
  }

  #soon = debounce(PAUSE_MS, () => void this.#keepOnServer());

  #keepHere() {
    if (this.#write()) this.#say(t("draft.saved"));
  }

  #write() {
    const { values, text } = this.#content;
    const files = this.#files?.ids ?? [];
    const url = this.dataset.url ?? "";
    return writeWritten(this.#place, { values, text, files, bases: this.#bases, known: this.#known, url, takes: this.#takes });
  }

  /** Before it is sent, so that another page knows it for this one's. @param {string} text */
  #sends(text) {
    if (this.#bases.includes(text)) return;
    this.#bases = [...this.#bases, text].slice(-BASES_MOST);
    if (readWritten(this.#place)) this.#write();
  }

  get #takes() {
    return [...this.#form.querySelectorAll("input[name=takes]")].map((field) => /** @type {HTMLInputElement} */ (field).value);
  }

  async #restore() {
    const written = readForPage(this.#place);
    if (written) await this.#takeUp(written);
    if (!this.#known) void this.#keepOnServer();
    if (this.#isEmpty) return;
    this.closest("details")?.setAttribute("open", "");
    this.#say(t("desk.restored"));
    this.#show();
  }

  /**
   * What this machine has goes before what the server has, unless the server has heard of it and knows better.
   * @param {import("city/desk/written.js").Written} written
   */
  async #takeUp({ known, text, files, bases, values }) {
    const server = this.#text?.value ?? "";
    const isThrown = !known && !text.trim() && !files.length;
    if (isThrown ? !bases.includes(server) : known && this.#isEmpty) {
      // Sent, thrown away or written anew at another machine.
      await dropWritten(this.#place);
      return;
    }
    if (isThrown) {
      this.#content = { values, text, files: [] };
    } else if (!known) {
      const goesOn = !server.trim() || bases.includes(server) || text.startsWith(server);
      if (this.#text) this.#text.value = goesOn ? text : `${server}\n\n${text}`;
      await this.#files?.restore(files.filter((id) => !this.#files?.ids.includes(id)));
    }
    // A template may have been put into it since.
    this.#known = known && text === server;
    for (const field of this.#others) {
      if (!(/** @type {HTMLInputElement} */ (field).value)) fill(field, values);
    }
  }

  // On the server

  /** True when the server has all of it, or knows no such form, which it will say when the form is sent. */
  #keepOnServer() {
    this.#letters = 0;
    this.#line = this.#line.then(() => this.#keepNow());
    return this.#line;
  }

  async #keepNow() {
    const session = this.#session;
    if (!session || this.#leaving) return true;
    const { text } = this.#content;
    const ids = this.#files?.sentIds ?? [];
    this.#sends(text);
    try {
      const { at, cut } = await session.post(this.dataset.url ?? "", draftForm(this.#place.verb, { text, takes: this.#takes }, ids));
      const isWhole = text === (this.#text?.value ?? "") && ids.length === (this.#files?.ids.length ?? 0);
      if (cut) this.#say(t("desk.cut"));
      if (!isWhole || cut) return true;
      this.#known = true;
      if (this.#isEmpty) {
        await dropWritten(this.#place);
        // The next page may have been made with the words in it. It forgets this, or the next one does.
        this.#write();
      } else {
        this.#keepHere();
        this.#say(t("desk.kept", { time: at }));
      }
      return true;
    } catch (error) {
      return error instanceof Refused && error.status === 404;
    }
  }

  /** The page may be gone before there is an answer. */
  #lastWords() {
    const { text } = this.#content;
    this.#sends(text);
    const form = draftForm(this.#place.verb, { text, takes: this.#takes }, this.#files?.sentIds ?? []);
    void this.#session?.post(this.dataset.url ?? "", form, { keepalive: true }).catch(() => undefined);
  }

  // Thrown away and taken back

  async #throwAway() {
    this.#thrown = this.#content;
    this.#content = { values: {}, text: "", files: [] };
    const dropped = dropWritten(this.#place);
    // Until the server has heard of it: the page may be gone before.
    this.#known = false;
    this.#keepHere();
    await dropped;
    this.#say(t("desk.thrown"));
    this.#show();
    find(this, "[data-back]", HTMLElement).focus();
    void this.#keepOnServer();
  }

  #takeBack() {
    if (!this.#thrown) return;
    this.#content = this.#thrown;
    this.#edited();
    this.#text?.focus();
  }

  #show() {
    find(this, "[data-throw]", HTMLElement).hidden = this.#isEmpty;
    find(this, "[data-back]", HTMLElement).hidden = !this.#thrown;
  }

  /** @param {string} words */
  #say(words) {
    const place = find(this, "[data-said]", HTMLElement);
    if (place.textContent !== words) place.textContent = words;
  }

  /** @param {string} words */
  #refuse(words) {
    this.#say(words);
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
