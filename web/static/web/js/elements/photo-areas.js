/**
 * `<photo-areas>`: around the field with the areas of a photo, one a line in percent: left, top, width, height. Draws the
 * photo that is chosen in the same form, and on it the areas, which are drawn, moved and removed with a mouse, a finger or
 * the keyboard. The field goes on holding them, and can be typed into.
 */

import { el, find, icon } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** Percent of the picture by which a key moves an edge, and what is too small to have been meant. */
const STEP = 1;
const LEAST = 1;

/** @typedef {{left: number, top: number, width: number, height: number}} Area */

export class PhotoAreas extends HTMLElement {
  #stop = new AbortController();
  /** @type {Area[]} */
  #areas = [];
  #chosen = -1;
  #img = el("img", { className: "photo-areas__photo", alt: "", draggable: false });
  #picture = el("div", { className: "photo-areas__picture", hidden: true }, this.#img);
  #hint = el("p", { className: "small muted", role: "status" });
  #add = el("button", { className: "button button--quiet button--small", type: "button" }, icon("plus"), " ", t("areas.add"));
  #remove = el("button", { className: "button button--quiet button--small", type: "button" }, icon("cross"), " ", t("areas.remove"));
  #buttons = el("div", { className: "row", hidden: true }, this.#add, this.#remove);

  connectedCallback() {
    const { signal } = this.#stop;
    this.prepend(this.#hint, this.#picture, this.#buttons);
    this.#form.addEventListener("change", ({ target }) => this.#changed(target), { signal });
    this.#field.addEventListener("input", () => this.#read(), { signal });
    this.#picture.addEventListener("pointerdown", (event) => this.#press(event), { signal });
    this.#picture.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#picture.addEventListener("focusin", ({ target }) => this.#choose(this.#marks.indexOf(/** @type {HTMLElement} */ (target))), { signal });
    this.#add.addEventListener("click", () => this.#begin(), { signal });
    this.#remove.addEventListener("click", () => this.#drop(), { signal });
    this.#read();
    this.#photo();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  get #form() {
    const form = this.closest("form");
    if (!form) throw new Error("areas belong to a form");
    return form;
  }

  get #field() {
    return find(this, "textarea", HTMLTextAreaElement);
  }

  get #marks() {
    return /** @type {HTMLElement[]} */ ([...this.#picture.children].filter((one) => one !== this.#img));
  }

  /** @param {EventTarget | null} target */
  #changed(target) {
    if (target === this.#field) this.#read();
    else this.#photo();
  }

  /** Shows the photo that is chosen: its small form stands in the choice, the large one beside it on the server. */
  #photo() {
    const small = this.#form.querySelector("input[type=radio]:checked")?.closest("label")?.querySelector("img");
    const large = small?.getAttribute("src")?.replace(/thumb$/, "large");
    this.#hint.textContent = t(large ? "areas.hint" : "areas.choose");
    this.#picture.hidden = this.#buttons.hidden = !large;
    if (large && this.#img.getAttribute("src") !== large) this.#img.src = large;
  }

  /** Takes the areas over from the field; a line that is none is left to the server to say so. */
  #read() {
    const lines = this.#field.value.split("\n").map((line) => line.split(/[\s,;]+/).filter(Boolean).map(Number));
    const whole = lines.filter((numbers) => numbers.length === 4 && numbers.every((n) => n >= 0 && n <= 100));
    this.#areas = whole.map(([left = 0, top = 0, width = 0, height = 0]) => ({ left, top, width, height }));
    this.#draw();
  }

  #write() {
    this.#field.value = this.#areas.map(({ left, top, width, height }) => [left, top, width, height].map(short).join(" ")).join("\n");
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #draw() {
    const marks = this.#marks;
    for (const extra of marks.slice(this.#areas.length)) extra.remove();
    for (const [n, { left, top, width, height }] of this.#areas.entries()) {
      const mark = marks[n] ?? this.#picture.appendChild(el("button", { className: "photo-areas__area", type: "button" }));
      Object.assign(mark.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
      mark.setAttribute("aria-label", t("areas.one", { n: n + 1, left: short(left), top: short(top), width: short(width), height: short(height) }));
    }
    this.#choose(Math.min(this.#chosen, this.#areas.length - 1));
  }

  /** @param {number} n */
  #choose(n) {
    this.#chosen = n;
    for (const [m, mark] of this.#marks.entries()) mark.classList.toggle("photo-areas__area--chosen", m === n);
    this.#remove.disabled = n < 0;
  }

  /** Draws a new area, or moves the one that is pressed, until the pointer is lifted. @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const from = this.#place(event);
    const taken = this.#marks.indexOf(/** @type {HTMLElement} */ (event.target));
    const before = this.#areas.map((area) => ({ ...area }));
    const n = taken >= 0 ? taken : this.#areas.push({ left: from.x, top: from.y, width: 0, height: 0 }) - 1;
    const was = { ...this.#area(n) };
    const done = new AbortController();
    const { signal } = done;
    this.#picture.setPointerCapture(event.pointerId);
    const drag = (/** @type {PointerEvent} */ moved) => {
      const { x, y } = this.#place(moved);
      this.#areas[n] =
        taken >= 0
          ? within({ ...was, left: was.left + x - from.x, top: was.top + y - from.y })
          : { left: Math.min(x, from.x), top: Math.min(y, from.y), width: Math.abs(x - from.x), height: Math.abs(y - from.y) };
      this.#draw();
    };
    const end = (/** @type {boolean} */ isKept) => {
      done.abort();
      const { width, height } = this.#area(n);
      if (!isKept || width < LEAST || height < LEAST) this.#areas = before;
      this.#draw();
      if (!isKept || this.#areas.length <= n) return;
      this.#write();
      this.#marks[n]?.focus();
    };
    this.#picture.addEventListener("pointermove", drag, { signal });
    this.#picture.addEventListener("pointerup", () => end(true), { signal });
    this.#picture.addEventListener("pointercancel", () => end(false), { signal });
  }

  /** @param {number} n @returns {Area} */
  #area(n) {
    return this.#areas[n] ?? { left: 0, top: 0, width: 0, height: 0 };
  }

  /** Where on the picture, in percent of it. @param {PointerEvent} event */
  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.#img.getBoundingClientRect();
    const part = (/** @type {number} */ at, /** @type {number} */ of) => Math.min(100, Math.max(0, (100 * at) / of));
    return { x: part(clientX - left, width), y: part(clientY - top, height) };
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const n = this.#marks.indexOf(/** @type {HTMLElement} */ (event.target));
    if (n < 0) return;
    const area = this.#area(n);
    const x = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key] ?? 0;
    const y = { ArrowUp: -STEP, ArrowDown: STEP }[event.key] ?? 0;
    if (x || y) {
      event.preventDefault();
      this.#areas[n] = event.shiftKey
        ? { ...area, width: clamp(area.width + x, 100 - area.left), height: clamp(area.height + y, 100 - area.top) }
        : within({ ...area, left: area.left + x, top: area.top + y });
      this.#write();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.#chosen = n;
      this.#drop();
    }
  }

  #begin() {
    this.#areas.push({ left: 40, top: 40, width: 20, height: 20 });
    this.#write();
    this.#marks.at(-1)?.focus();
  }

  #drop() {
    this.#areas.splice(this.#chosen, 1);
    this.#write();
    (this.#marks[this.#chosen] ?? this.#add).focus();
  }
}

/** Inside the picture, of the same size. @param {Area} area @returns {Area} */
function within({ left, top, width, height }) {
  return { left: Math.min(100 - width, Math.max(0, left)), top: Math.min(100 - height, Math.max(0, top)), width, height };
}

/** @param {number} size @param {number} most */
const clamp = (size, most) => Math.min(most, Math.max(LEAST, size));

/** With one digit after the point where it has one. @param {number} n */
const short = (n) => String(Math.round(n * 10) / 10);

customElements.define("photo-areas", PhotoAreas);
