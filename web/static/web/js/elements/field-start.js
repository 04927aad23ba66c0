/** `<field-start>`: the field list from where one is; the button is there only where the device knows its place. */

import { offerDevicePlace } from "city/site/device-place.js";

export class FieldStart extends HTMLElement {
  connectedCallback() {
    offerDevicePlace(this, (coords) => this.#from(coords));
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
