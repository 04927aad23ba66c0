/** Says that a key could not be used, where allauth's scripts would tell the console alone. */

export class SecondStepKey extends HTMLElement {
  connectedCallback() {
    document.addEventListener("allauth.error", this.#tell);
  }

  disconnectedCallback() {
    document.removeEventListener("allauth.error", this.#tell);
  }

  /** @param {Event} event */
  #tell = (event) => {
    event.preventDefault();
    const notice = document.querySelector("[data-key-error]");
    if (notice instanceof HTMLElement) notice.hidden = false;
  };
}

customElements.define("second-step-key", SecondStepKey);
