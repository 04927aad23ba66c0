/** A status line over the map: loading, nothing here, or something failed (with a retry button). */

import { isOffline } from "city/site/connection.js";
import { el, icon } from "city/site/dom.js";
import { t } from "city/site/texts.js";

export class StatusBar {
  element = el("div", { className: "map-status", role: "status" });
  /** What is said stays, whatever arrives meanwhile. */
  #stays = false;

  clear() {
    if (this.#stays) return;
    this.element.replaceChildren();
    this.element.className = "map-status";
  }

  loading() {
    if (this.#stays) return;
    this.element.className = "map-status map-status--loading";
    this.element.replaceChildren(el("span", { className: "visually-hidden" }, t("loading")));
  }

  /** @param {string} text */
  say(text) {
    if (this.#stays) return;
    this.element.className = "map-status map-status--note";
    this.element.replaceChildren(el("span", {}, text));
  }

  /**
   * @param {string} text
   * @param {() => void} retry
   */
  failed(text, retry) {
    if (this.#stays) return;
    this.element.className = "map-status map-status--error";
    this.element.replaceChildren(
      icon(isOffline() ? "offline" : "alert"),
      el("span", {}, isOffline() ? t("offline.map") : text),
      el("button", { type: "button", className: "map-status__retry", onclick: retry }, t("retry")),
    );
  }

  /**
   * What failed is the map itself: nothing else matters until `over`.
   * @param {string} text
   * @param {() => void} retry
   */
  broken(text, retry) {
    this.failed(text, retry);
    this.#stays = true;
  }

  over() {
    this.#stays = false;
    this.clear();
  }
}
