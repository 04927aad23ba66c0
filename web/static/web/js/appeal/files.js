/** The form's photos and videos: shown, shrunk, uploaded with progress, retried, removed. */

import { isFilm, mostOf, problemWith } from "city/appeal/acceptable.js";
import { uuid7 } from "city/appeal/identifiers.js";
import { lightened } from "city/appeal/photos.js";
import { sendFile } from "city/appeal/upload.js";
import { dropFile, readFile, writeFile } from "city/outbox/store.js";
import { CONNECTION_CHANGED, isOffline } from "city/site/connection.js";
import { el, icon } from "city/site/dom.js";
import { Refused, isAbort } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { t } from "city/site/texts.js";

/** What failed while the network was not called dead is tried again after so long. */
const AGAIN_MS = 10_000;

/** @typedef {import("city/outbox/store.js").StoredFile} StoredFile */

/**
 * One row of the list.
 * @typedef {object} Row
 * @property {StoredFile} file
 * @property {"preparing" | "sending" | "done" | "waiting" | "refused"} state
 * @property {HTMLLIElement} element
 * @property {AbortController} stop
 * @property {Promise<void>} settled
 * @property {boolean} unkept this device had no room to keep it
 * @property {string} reason why the server did not take it
 */

export class Files {
  #list;
  #input;
  #error;
  /** What is said of files that were turned away when some were chosen last. */
  #turnedAway = "";
  /** Names of those that were too many then. @type {string[]} */
  #surplus = [];
  #changed;
  #keeps;
  #taken;
  /** @type {Row[]} */
  #rows = [];
  /** The last of what is sent one after the other: on a weak network one photo arrives sooner than six halves. */
  #line = Promise.resolve();

  /**
   * @param {{list: HTMLElement, input: HTMLInputElement, drop: HTMLElement, error: HTMLElement}} parts
   * @param {() => void} changed
   * @param {{keeps?: boolean, taken?: (place: import("city/appeal/exif.js").Taken) => void}} [options] whether the device
   *   keeps the files until the server has them; what is to be done with the place where a photo was taken
   */
  constructor({ list, input, drop, error }, changed, { keeps = true, taken } = {}) {
    this.#keeps = keeps;
    this.#taken = taken;
    this.#list = list;
    this.#input = input;
    this.#error = error;
    this.#changed = changed;
    const take = () => {
      if (input.files?.length) this.add([...input.files]);
      // Chosen files are in the list now; if left in the input they would be sent twice.
      input.value = "";
    };
    input.addEventListener("change", take);
    // What was chosen before this script was there.
    take();
    window.addEventListener(CONNECTION_CHANGED, () => {
      // What has left the form is the outbox's to send.
      if (!isOffline() && list.isConnected) this.#sendWaiting();
    });
    this.#acceptDrops(drop);
  }

  /** Ids in list order, without refused ones. */
  get ids() {
    return this.#rows.filter((row) => row.state !== "refused").map((row) => row.file.id);
  }

  /** Ids of those that the server has. */
  get sentIds() {
    return this.#rows.filter((row) => row.state === "done").map((row) => row.file.id);
  }

  /** The files themselves, without refused ones. */
  get all() {
    return this.#rows.filter((row) => row.state !== "refused").map((row) => row.file);
  }

  get hasRefused() {
    return this.#rows.some((row) => row.state === "refused");
  }

  /** Of each file that the server does not take: which one, why, and that nothing goes on with it. */
  get refusals() {
    return this.#rows.filter((row) => row.state === "refused").map(({ file: { name }, reason }) => t("upload.refused", { name, reason }));
  }

  /** True when one has not been sent, and is nowhere but on this page. */
  get hasUnkept() {
    return this.#rows.some((row) => row.state === "waiting" && row.unkept);
  }

  /** True when one could not be sent for want of an answer. */
  get hasWaiting() {
    return this.#rows.some((row) => row.state === "waiting");
  }

  /** Resolves when nothing is on its way any more; those that waited for a network are tried once more. */
  async delivered() {
    await this.settled();
    this.#sendWaiting();
    await this.settled();
  }

  #sendWaiting() {
    for (const row of this.#rows) if (row.state === "waiting") row.settled = this.#send(row);
  }

  /**
   * Shows a file that the server has received already.
   * @param {{id: string, name: string, thumb?: string}} received
   */
  adopt({ id, name, thumb }) {
    this.#state(this.#row({ id, name, type: "", blob: new Blob(), sent: true, thumb }), "done");
  }

  /**
   * Shows these files and no others; none is forgotten.
   * @param {StoredFile[]} files
   */
  replace(files) {
    for (const row of this.#rows) {
      row.stop.abort();
      row.element.remove();
    }
    this.#rows = [];
    for (const file of files) {
      void this.#write(file);
      const row = this.#row(file);
      if (file.sent) this.#state(row, "done");
      else row.settled = this.#send(row);
    }
  }

  /** Resolves when nothing is being prepared or sent. */
  async settled() {
    await Promise.all(this.#rows.map((row) => row.settled));
  }

  /** @param {File[]} chosen */
  add(chosen) {
    this.#turnedAway = "";
    this.#surplus = [];
    this.#say();
    for (const file of chosen) this.#begin(file);
  }

  /**
   * Shows the files of a draft again, and sends those not sent yet.
   * @param {string[]} ids
   */
  async restore(ids) {
    for (const id of ids) {
      const file = await readFile(id).catch(() => undefined);
      if (!file) continue;
      const row = this.#row(file);
      if (file.sent) this.#state(row, "done");
      else row.settled = this.#send(row);
    }
  }

  clear() {
    for (const row of [...this.#rows]) this.#remove(row);
  }

  /** @param {File} original */
  #begin(original) {
    const file = { id: uuid7(), name: original.name, type: original.type, blob: original, sent: false };
    const others = this.#rows.filter((row) => isFilm(row.file) === isFilm(file)).length;
    const row = this.#row(file);
    this.#state(row, "preparing");
    row.settled = (async () => {
      const problem = await problemWith(original);
      if (problem || others >= mostOf(file) - this.#had(isFilm(file))) return this.#turnAway(row, problem);
      const { blob, taken } = await lightened(original);
      if (row.stop.signal.aborted) return;
      row.file.blob = blob;
      if (taken) this.#taken?.(taken);
      row.unkept = !(await this.#write(row.file));
      this.#changed();
      await this.#send(row);
    })();
  }

  /** @param {Row} row */
  #send(row) {
    this.#state(row, "sending");
    this.#line = this.#line.then(() => this.#sendNow(row));
    return this.#line;
  }

  /** @param {Row} row */
  async #sendNow(row) {
    if (row.stop.signal.aborted) return;
    try {
      const thumb = await sendFile(row.file, (share) => this.#progress(row, share), row.stop.signal);
      row.file.sent = true;
      // What this browser cannot show (HEIC), the server can.
      if (thumb && !row.element.querySelector("img")) {
        row.file.thumb = thumb;
        row.element.querySelector(".icon")?.replaceWith(preview(row.file));
      }
      await this.#write(row.file);
      this.#state(row, "done");
    } catch (error) {
      if (isAbort(error)) return;
      if (error instanceof Refused && !error.passing) {
        row.reason = Object.values(error.errors).flat().join(" ") || error.message || t("upload.failed");
        this.#state(row, "refused", row.reason);
      } else {
        // It is sent with the appeal.
        this.#state(row, "waiting", row.unkept ? t("upload.noRoom") : undefined);
        if (!(error instanceof Refused)) this.#tryLater(row);
      }
    }
    this.#changed();
  }

  /** A request may fail just as the network comes back, and then nothing else would call for another try. @param {Row} row */
  #tryLater(row) {
    setTimeout(() => {
      if (row.state === "waiting" && !row.stop.signal.aborted && this.#list.isConnected && !isOffline()) row.settled = this.#send(row);
    }, AGAIN_MS);
  }

  /** False when this device has no room for it. @param {StoredFile} file */
  async #write(file) {
    return !this.#keeps || writeFile(file).then(() => true, () => false);
  }

  /** @param {StoredFile} file */
  #row(file) {
    const element = el("li", { className: "file" });
    /** @type {Row} */
    const row = { file, state: "preparing", element, stop: new AbortController(), settled: Promise.resolve(), unkept: false, reason: "" };
    const retry = el(
      "button",
      { type: "button", hidden: true, "aria-label": t("upload.retry"), onclick: () => (row.settled = this.#send(row)) },
      icon("retry", "mapIcons"),
    );
    const remove = el(
      "button",
      { type: "button", "aria-label": t("upload.remove", { name: file.name }), onclick: () => this.#remove(row) },
      icon("cross"),
    );
    element.append(
      preview(file),
      el("div", { className: "file__words" }, el("span", { className: "file__name" }, file.name), el("span", { className: "file__state" })),
      el("div", { className: "file__tools" }, retry, remove),
    );
    this.#list.append(element);
    this.#rows.push(row);
    return row;
  }

  /** @param {Row} row */
  #remove(row) {
    this.#takeOut(row);
    void dropFile(row.file.id).catch(() => undefined);
    this.#say();
    this.#changed();
  }

  /** @param {Row} row */
  #takeOut(row) {
    row.stop.abort();
    row.element.remove();
    this.#rows = this.#rows.filter((other) => other !== row);
  }

  /** How many of a kind the appeal has, beside which these are counted. @param {boolean} isVideo */
  #had(isVideo) {
    const { photos, videos } = this.#input.dataset;
    return Number((isVideo ? videos : photos) ?? 0);
  }

  /**
   * Says what is wrong with a file that was never kept; of several that were chosen together, each thing once.
   * @param {Row} row
   * @param {string} problem empty: it is one too many
   */
  #turnAway(row, problem) {
    this.#takeOut(row);
    if (!problem) this.#surplus.push(row.file.name);
    else if (!this.#turnedAway.includes(problem)) this.#turnedAway = `${this.#turnedAway} ${problem}`.trim();
    this.#say();
  }

  /** Nothing of what the form has said of the files before holds any more; what was turned away is told until the next choice. */
  #say() {
    const { photos, videos } = settings.limits;
    const room = { photos: photos - this.#had(false), videos: videos - this.#had(true) };
    const tooMany = this.#surplus.length ? t("upload.tooMany", { names: this.#surplus.join(", "), ...room }) : "";
    this.#error.textContent = `${this.#turnedAway} ${tooMany}`.trim();
    this.#input.removeAttribute("aria-invalid");
  }

  /**
   * @param {Row} row
   * @param {Row["state"]} state
   * @param {string} [words]
   */
  #state(row, state, words) {
    row.state = state;
    const said = { preparing: "upload.preparing", sending: "upload.sending", done: "upload.done", waiting: "upload.waiting", refused: "upload.failed" };
    const isVideo = isFilm(row.file);
    const key = state === "done" && isVideo ? "upload.processing" : said[state];
    const place = row.element.querySelector(".file__state");
    // Announcing each percent would be a nuisance; only the outcome is read aloud.
    place?.setAttribute("aria-live", state === "sending" ? "off" : "polite");
    if (place) place.textContent = words ?? t(key, { percent: 0 });
    row.element.classList.toggle("file--failed", state === "refused");
    row.element.querySelector("progress")?.remove();
    if (state === "sending") row.element.querySelector(".file__words")?.append(el("progress", { max: 1, value: 0, "aria-label": row.file.name }));
    const retry = row.element.querySelector(".file__tools button");
    if (retry instanceof HTMLElement) retry.hidden = state !== "waiting";
  }

  /**
   * @param {Row} row
   * @param {number} share
   */
  #progress(row, share) {
    const bar = row.element.querySelector("progress");
    if (bar) bar.value = share;
    const place = row.element.querySelector(".file__state");
    if (place) place.textContent = t("upload.sending", { percent: Math.round(share * 100) });
  }

  /** @param {HTMLElement} drop */
  #acceptDrops(drop) {
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("files__drop--over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("files__drop--over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("files__drop--over");
      this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

/** @param {StoredFile} file */
function preview(file) {
  if (file.thumb) return el("img", { className: "file__thumb", alt: "", src: file.thumb });
  if (!file.type.startsWith("image/")) return icon(isFilm(file) ? "video" : "camera");
  const image = el("img", { className: "file__thumb", alt: "", src: URL.createObjectURL(file.blob) });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  image.addEventListener("error", () => image.replaceWith(icon("camera")), { once: true });
  return image;
}
