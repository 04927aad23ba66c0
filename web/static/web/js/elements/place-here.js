/**
 * `<place-here>`: a button that writes the device's own place into the form's field of coordinates; it is there only where the
 * device knows its place.
 */

import { find } from "city/site/dom.js";

const WAIT_MS = 15_000;

export class PlaceHere extends HTMLElement {
  connectedCallback() {
    if (!("geolocation" in navigator)) return;
    const button = find(this, "button", HTMLButtonElement);
    button.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          button.disabled = false;
          this.#write(coords);
        },
        () => {
          button.disabled = false;
          find(this, "[role=status]", HTMLElement).hidden = false;
        },
        { enableHighAccuracy: true, timeout: WAIT_MS },
      );
    });
  }

  /** @param {GeolocationCoordinates} coords */
  #write({ latitude, longitude }) {
    const field = this.closest("form")?.elements.namedItem("coordinates");
    if (!(field instanceof HTMLInputElement)) return;
    field.value = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
    field.focus();
  }
}

customElements.define("place-here", PlaceHere);
