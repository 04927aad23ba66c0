/**
 * `<push-alert>`: has this browser told of new appeals, where it can be. It asks for permission when its button is pressed and
 * not before; the form then takes the browser's address to the server.
 */

import { find } from "city/site/dom.js";

export class PushAlert extends HTMLElement {
  connectedCallback() {
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
    this.hidden = false;
    const button = find(this, "[data-ask]", HTMLButtonElement);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await this.#ask();
      } catch {
        find(this, "[data-denied]", HTMLElement).hidden = false;
        button.disabled = false;
      }
    });
  }

  /** Throws when the reader or the browser says no. */
  async #ask() {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("denied");
    const { pushManager } = await navigator.serviceWorker.ready;
    const given = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.dataset.key ?? "" });
    const { endpoint, keys } = given.toJSON();
    for (const [name, value] of Object.entries({ endpoint, p256dh: keys?.p256dh, auth: keys?.auth })) {
      find(this, `[name=${name}]`, HTMLInputElement).value = value ?? "";
    }
    find(this, "form", HTMLFormElement).submit();
  }
}

customElements.define("push-alert", PushAlert);
