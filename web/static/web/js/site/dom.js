/** Building and finding elements. */

import { settings } from "city/site/settings.js";

/**
 * A new element with properties, attributes (names with a dash, `role`, `for`) and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name.includes("-") || name === "role" || name === "for") {
      element.setAttribute(name, String(value));
    } else {
      Reflect.set(element, name, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * The element matching the selector; throws if the template has none.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new (...args: any[]) => T} type
 * @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page lacks ${selector}`);
  return found;
}

/**
 * Lets go of the controls that the template holds (`disabled`): from now on a press of them is heard. Before that it would be
 * lost without a word, however long the module that hears it takes to come.
 * @param {Iterable<Element | null | undefined>} controls
 */
export function handOver(controls) {
  for (const control of controls) {
    if (control instanceof HTMLButtonElement || control instanceof HTMLInputElement) control.disabled = false;
  }
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * An icon from one of the site's two sheets; decorative, since the text beside it says the same.
 * @param {string} name
 * @param {"icons" | "mapIcons"} [sheet]
 */
export function icon(name, sheet = "icons") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${settings.files[sheet]}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Calls the function after this much time without further calls.
 * @template {unknown[]} Args
 * @param {number} ms
 * @param {(...args: Args) => void} run
 */
export function debounce(ms, run) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (/** @type {Args} */ ...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), ms);
  };
}

/**
 * Makes an open `<details>` close like a menu: with Escape, or a press anywhere else.
 * @param {HTMLDetailsElement} details
 * @param {AbortSignal} signal
 */
export function closeLikeMenu(details, signal) {
  const outside = (/** @type {Event} */ event) => {
    if (details.open && event.target instanceof Node && !details.contains(event.target)) details.open = false;
  };
  document.addEventListener("pointerdown", outside, { signal });
  details.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !details.open) return;
      details.open = false;
      details.querySelector("summary")?.focus();
    },
    { signal },
  );
}
