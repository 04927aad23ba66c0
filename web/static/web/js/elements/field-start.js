/** `<field-start>`: the field list from where one is; the button is there only where the device knows its place. */

import { find } from "city/site/dom.js";

const WAIT_MS = 15_000;

export class FieldStart extends HTMLElement {
  connectedCallback() {
    if (!("geolocation" in navigator)) return;
    const button = find(this, "button", HTMLButtonElement);
    button.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => this.#from(coords),
        () => {
          button.disabled = false;
          find(this, "[role=status]", HTMLElement).hidden = false;
        },
        { enableHighAccuracy: true, timeout: WAIT_MS },
      );
    });
  }

  /** @param {GeolocationCoordinates} coords */
  #from({ latitude, longitude }) {
    const form = this.closest("form");
    const start = form?.elements.namedItem("start");
    if (!form || !(start instanceof HTMLInputElement)) return;
    start.value = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
    form.requestSubmit();
  }
}

customElements.define("field-start", FieldStart);
