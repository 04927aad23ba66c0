/**
 * `<push-alert>`: has this browser told of new appeals, or of the steps of the one with that number, where it can be. It asks for
 * permission when its button is pressed and not before; the form then takes the browser's address to the server.
 */

import { find } from "city/site/dom.js";
import { followsAppeal, setFollowed } from "city/site/mine.js";

export class PushAlert extends HTMLElement {
  connectedCallback() {
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
    this.hidden = false;
    const number = Number(this.dataset.number);
    const button = find(this, "[data-ask]", HTMLButtonElement);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await this.#ask();
        if (number) setFollowed(number, true);
        find(this, "form", HTMLFormElement).submit();
      } catch {
        find(this, "[data-denied]", HTMLElement).hidden = false;
        button.disabled = false;
      }
    });
    if (number) this.#mayEnd(number);
  }

  /** Throws when the reader or the browser says no. */
  async #ask() {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("denied");
    const { pushManager } = await navigator.serviceWorker.ready;
    this.#name(await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.dataset.key ?? "" }));
  }

  /** @param {PushSubscription} given */
  #name(given) {
    const { endpoint, keys } = given.toJSON();
    for (const [name, value] of Object.entries({ endpoint, p256dh: keys?.p256dh, auth: keys?.auth })) {
      find(this, `[name=${name}]`, HTMLInputElement).value = value ?? "";
    }
  }

  /** @param {number} number */
  #mayEnd(number) {
    const follows = followsAppeal(number);
    find(this, "[data-off]", HTMLElement).hidden = follows;
    find(this, "[data-on]", HTMLElement).hidden = !follows;
    find(this, "[data-end]", HTMLButtonElement).addEventListener("click", async () => {
      const { pushManager } = await navigator.serviceWorker.ready;
      const given = await pushManager.getSubscription();
      if (given) this.#name(given);
      setFollowed(number, false);
      find(this, "[name=do]", HTMLInputElement).value = "stop";
      find(this, "form", HTMLFormElement).submit();
    });
  }
}

customElements.define("push-alert", PushAlert);
