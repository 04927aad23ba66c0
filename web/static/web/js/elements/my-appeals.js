/**
 * `<my-appeals>`: the appeals that this device remembers. `<my-appeal number secret about at>`: on an author's own page,
 * whether it does. `<attach-appeals known>`: those that are not among the known numbers, to be added to an account.
 * `<forget-appeals>`: the device remembers none any more, nor what was begun and not sent, and shows no more notices. What
 * waits for a network still goes.
 */

import { AUTHOR, FORGOTTEN, RESIDENT, dropWritten, placesOf } from "city/appeal/written.js";
import { dropUnfinished, readParcels } from "city/outbox/store.js";
import { el, find, icon } from "city/site/dom.js";
import { forgetAllMine, forgetMine, mine, rememberMine } from "city/site/mine.js";
import { followUrl } from "city/site/settings.js";
import { formatDay, t } from "city/site/texts.js";

class MyAppeals extends HTMLElement {
  #shown = "";

  connectedCallback() {
    window.addEventListener("outbox:shown", this.#follow);
    void this.#follow();
  }

  disconnectedCallback() {
    window.removeEventListener("outbox:shown", this.#follow);
  }

  /** What is registered meanwhile is in the list without a reload; while something waits, it is not said that nothing was sent. */
  #follow = async () => {
    // This browser may store nothing: then nothing is waiting.
    const waits = await readParcels().then((parcels) => parcels.some(({ state }) => state !== "sent"), () => false);
    const all = mine();
    const shown = JSON.stringify([all, waits]);
    // What has the focus stays.
    if (shown !== this.#shown) this.#show(all, waits);
    this.#shown = shown;
  };

  /**
   * @param {import("city/site/mine.js").Mine[]} all
   * @param {boolean} waits
   */
  #show(all, waits) {
    if (!all.length) return this.replaceChildren(el("p", { className: "empty" }, icon("person"), t(waits ? "mine.waiting" : "mine.none")));
    const rows = all.map(({ number, secret, about, at }) =>
      el(
        "li",
        {},
        el(
          "article",
          { className: "appeal-row" },
          el("h3", { className: "appeal-row__title", dir: "auto" }, el("a", { href: followUrl(secret) }, about)),
          el("span", { className: "appeal-row__number" }, `№ ${number}`),
          el("div", { className: "appeal-row__foot" }, el("span", {}, formatDay(at))),
        ),
      ),
    );
    this.replaceChildren(el("ol", { className: "appeal-list", role: "list" }, ...rows));
  }
}

class MyAppeal extends HTMLElement {
  connectedCallback() {
    const { number = "", secret = "", about = "", at = "" } = this.dataset;
    const box = el("input", { type: "checkbox", checked: mine().some((one) => one.number === Number(number)) });
    box.addEventListener("change", () => {
      if (box.checked) return rememberMine({ number: Number(number), secret, about, at });
      // What was written for it, and stands in the forms of this page, goes too.
      const written = placesOf(AUTHOR).filter((place) => place.number === number);
      box.checked = written.length > 0 && !confirm(t("draft.discardSure"));
      if (box.checked) return;
      forgetMine(Number(number));
      window.dispatchEvent(new Event(FORGOTTEN));
      void Promise.all(written.map(dropWritten));
    });
    this.replaceChildren(el("label", { className: "check" }, box, el("span", {}, t("mine.here"))));
  }
}

class AttachAppeals extends HTMLElement {
  connectedCallback() {
    const known = new Set((this.dataset.known ?? "").split(" ").map(Number));
    const others = mine().filter(({ number }) => !known.has(number));
    if (!others.length) return;
    find(this, "[data-numbers]", HTMLElement).textContent = others.map(({ number }) => `№ ${number}`).join(", ");
    find(this, "form", HTMLFormElement).prepend(
      ...others.map(({ secret }) => el("input", { type: "hidden", name: "secret", value: secret })),
    );
    this.hidden = false;
  }
}

class ForgetAppeals extends HTMLElement {
  async connectedCallback() {
    forgetAllMine();
    await Promise.all([...placesOf(AUTHOR), ...placesOf(RESIDENT)].map(dropWritten));
    await dropUnfinished().catch(() => undefined);
    const registration = await navigator.serviceWorker?.getRegistration();
    const given = await registration?.pushManager?.getSubscription();
    await given?.unsubscribe();
  }
}

customElements.define("attach-appeals", AttachAppeals);
customElements.define("forget-appeals", ForgetAppeals);
customElements.define("my-appeals", MyAppeals);
customElements.define("my-appeal", MyAppeal);
