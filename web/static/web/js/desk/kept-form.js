/** What the elements around the desk's forms have in common: nothing that is written is lost. */

import { dropWritten, holdOpen, writeWritten } from "city/appeal/written.js";
import { ASKED } from "city/desk/session.js";
import { debounce, find } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** The server is told this long after the last letter, and after so many while one goes on typing. */
const PAUSE_MS = 800;
const LETTERS_MOST = 40;

/** @typedef {import("city/desk/session.js").Session} Session */
/** @typedef {import("city/appeal/written.js").Place} Place */
/** @typedef {import("city/appeal/written.js").Written} Written */

/**
 * What became of a form that was sent to be kept: whether it still `isWhole`, nothing having been written meanwhile; whether
 * the server had anything to keep, and what is said then.
 * @typedef {{isWhole: boolean, kept: boolean, said: string}} Sent
 */

/**
 * An element around a form. All of it is kept on this machine at once and on the server soon after, and can be thrown away
 * and taken back. An element of its kind says what there is to keep.
 * @abstract
 * @template Content
 */
export class KeptForm extends HTMLElement {
  /** @type {Session | undefined} */
  #session;
  /** The server has all of it. */
  known = true;
  /** @type {Content | undefined} */
  thrown;
  #leaving = false;
  #letters = 0;
  /** The last request to keep it: they go one after the other. @type {Promise<boolean>} */
  #line = Promise.resolve(true);

  /** @param {Session} session */
  begin(session) {
    if (this.#session) return;
    this.#session = session;
    holdOpen(this.place);
    find(this, "[data-throw]", HTMLElement).addEventListener("click", () => void this.#throwAway());
    find(this, "[data-back]", HTMLElement).addEventListener("click", () => this.#takeBack());
    document.addEventListener(ASKED, (event) => {
      if (event instanceof CustomEvent && event.detail === "same" && !this.known) void this.keepOnServer();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && !this.known && !this.#leaving) this.#lastWords();
    });
    this.start();
  }

  /** Takes what is typed from now on for sent: until the page is shown again, nothing more is kept. */
  leave() {
    this.#leaving = true;
  }

  stay() {
    this.#leaving = false;
  }

  // Said by each kind

  /** Brings back what was kept, and calls `edited` when anything is written. */
  start() {
    throw new Error("abstract");
  }

  /** Where it is kept on this machine. @returns {Place} */
  get place() {
    throw new Error("abstract");
  }

  /** All that is written. @returns {Content} */
  get content() {
    throw new Error("abstract");
  }

  set content(_content) {
    throw new Error("abstract");
  }

  /** What stands there when it has been thrown away. @returns {Content} */
  get blank() {
    throw new Error("abstract");
  }

  /** True when there is nothing to be thrown away. @returns {boolean} */
  get isBlank() {
    throw new Error("abstract");
  }

  /** What is kept on this machine. @returns {Omit<Written, "known" | "url" | "at">} */
  get written() {
    throw new Error("abstract");
  }

  /** What the server is given to keep, as far as it can be sent at once. @returns {FormData} */
  toSend() {
    throw new Error("abstract");
  }

  /** Sends all of it. Throws as `session.post`. @param {Session} _session @returns {Promise<Sent>} */
  async send(_session) {
    throw new Error("abstract");
  }

  /** Says what it must of a server that did not keep it; true where the form may be sent all the same. @param {unknown} _error */
  notKept(_error) {
    return false;
  }

  // What they share

  get isLeaving() {
    return this.#leaving;
  }

  /** Address that keeps it. */
  get url() {
    return this.dataset.url ?? "";
  }

  /** Something has been written. */
  edited() {
    if (this.#leaving) return;
    this.thrown = undefined;
    this.#unknown();
    this.show();
    if (++this.#letters >= LETTERS_MOST) void this.keepOnServer();
    else this.#soon();
  }

  #soon = debounce(PAUSE_MS, () => void this.keepOnServer());

  /** This machine alone has what is written now. */
  #unknown() {
    this.known = false;
    if (this.write()) this.say(t("draft.saved"));
  }

  /** Keeps it on this machine. */
  write() {
    return writeWritten(this.place, { ...this.written, known: this.known, url: this.url });
  }

  /** True when the server has all of it, or the form may be sent all the same. */
  keepOnServer() {
    this.#letters = 0;
    this.#line = this.#line.then(() => this.#keepNow());
    return this.#line;
  }

  async #keepNow() {
    if (!this.#session || this.#leaving) return true;
    try {
      const { isWhole, kept, said } = await this.send(this.#session);
      if (!isWhole) return true;
      this.known = true;
      if (!kept) await dropWritten(this.place);
      // Of what is thrown away too: the next page may have been made with the words in it. It forgets this, or the next one does.
      this.write();
      if (!this.thrown) this.say(kept ? said : "");
      this.show();
      return true;
    } catch (error) {
      return this.notKept(error);
    }
  }

  /** The page may be gone before there is an answer. */
  #lastWords() {
    void this.#session?.post(this.url, this.toSend(), { keepalive: true }).catch(() => undefined);
  }

  async #throwAway() {
    this.thrown = this.content;
    this.content = this.blank;
    const dropped = dropWritten(this.place);
    // Until the server has heard of it: the page may be gone before.
    this.#unknown();
    await dropped;
    this.say(t("desk.thrown"));
    this.show();
    find(this, "[data-back]", HTMLElement).focus();
    void this.keepOnServer();
  }

  #takeBack() {
    if (!this.thrown) return;
    this.content = this.thrown;
    this.edited();
    this.querySelector("textarea")?.focus();
  }

  show() {
    find(this, "[data-throw]", HTMLElement).hidden = this.isBlank;
    find(this, "[data-back]", HTMLElement).hidden = !this.thrown;
  }

  /** @param {string} words */
  say(words) {
    const place = find(this, "[data-said]", HTMLElement);
    if (place.textContent !== words) place.textContent = words;
  }
}
