/**
 * `<place-here>`: a button that writes the device's own place into the form's field of coordinates; it is there only where the
 * device knows its place.
 */

import { offerDevicePlace } from "city/site/device-place.js";

export class PlaceHere extends HTMLElement {
  connectedCallback() {
    offerDevicePlace(this, (coords) => this.#write(coords));
  }

  /** @param {GeolocationCoordinates} coords */
  #write({ latitude, longitude }) {
    const field = this.closest("form")?.elements.namedItem("coordinates");
    if (!(field instanceof HTMLInputElement)) return;
    field.value = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
    field.dispatchEvent(new Event("input"));
    field.focus();
  }
}

customElements.define("place-here", PlaceHere);
