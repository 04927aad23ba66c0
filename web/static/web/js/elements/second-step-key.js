/**
 * Hands over the button of a key once a press is heard, and says that a key could not be used, where allauth's scripts would tell the
 * console alone.
 */

import { handOver } from "city/site/dom.js";

export class SecondStepKey extends HTMLElement {
  connectedCallback() {
    document.addEventListener("allauth.error", this.#tell);
    // allauth listens to the button from the end of the parsing on: whatever is pressed before is lost without a word.
    if (document.readyState === "complete") this.#handOver();
    else window.addEventListener("load", this.#handOver, { once: true });
  }

  disconnectedCallback() {
    document.removeEventListener("allauth.error", this.#tell);
    window.removeEventListener("load", this.#handOver);
  }

  #handOver = () => handOver([document.getElementById(this.dataset.button ?? "")]);

  /** @param {Event} event */
  #tell = (event) => {
    event.preventDefault();
    const notice = document.querySelector("[data-key-error]");
    if (notice instanceof HTMLElement) notice.hidden = false;
  };
}

customElements.define("second-step-key", SecondStepKey);
