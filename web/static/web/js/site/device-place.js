/** Where the device is, asked for by a button. */

import { find } from "city/site/dom.js";

const WAIT_MS = 15_000;

/**
 * Shows the element's button where the device knows its place; a press hands the place over, or shows the element's status.
 * @param {HTMLElement} element
 * @param {(coords: GeolocationCoordinates) => void} take
 */
export function offerDevicePlace(element, take) {
  if (!("geolocation" in navigator)) return;
  const button = find(element, "button", HTMLButtonElement);
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.disabled = false;
        take(coords);
      },
      () => {
        button.disabled = false;
        find(element, "[role=status]", HTMLElement).hidden = false;
      },
      { enableHighAccuracy: true, timeout: WAIT_MS },
    );
  });
}
