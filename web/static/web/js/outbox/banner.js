/** Shows on every page what is waiting, was sent or was refused, until its author has seen it. */

import { CONNECTION_CHANGED, isOffline } from "city/site/connection.js";
import { el, icon } from "city/site/dom.js";
import { settings } from "city/site/settings.js";
import { t } from "city/site/texts.js";
import { flush } from "city/outbox/deliver.js";
import { dropDraft, dropParcel, readParcels, writeDraft } from "city/outbox/store.js";

const RETRY_MS = 30_000;

/** @typedef {import("city/outbox/store.js").Parcel} Parcel */

/** Sends what is waiting, now and whenever the network comes back, and shows the status. */
export async function watchOutbox() {
  const place = el("div", { className: "outbox", role: "status" });
  document.querySelector("main")?.before(place);
  const run = async () => {
    try {
      if (!isOffline()) await flush();
      show(place, await readParcels(), run);
    } catch {
      // This browser stores nothing, so nothing is waiting.
    }
  };
  window.addEventListener(CONNECTION_CHANGED, run);
  window.addEventListener("outbox:changed", run);
  setInterval(() => {
    if (place.dataset.waiting && !isOffline()) void run();
  }, RETRY_MS);
  await run();
}

/**
 * @param {HTMLElement} place
 * @param {Parcel[]} parcels
 * @param {() => void} run
 */
function show(place, parcels, run) {
  const waiting = parcels.filter((parcel) => parcel.state === "waiting").length;
  if (waiting) place.dataset.waiting = String(waiting);
  else delete place.dataset.waiting;
  const gone = (/** @type {Parcel} */ parcel) => async () => {
    await dropParcel(parcel.id);
    run();
  };
  place.replaceChildren(
    ...(waiting
      ? [
          line("offline", "", t("outbox.waiting", { count: waiting }), [
            el("button", { type: "button", className: "button button--small", onclick: run }, t("outbox.sendNow")),
          ]),
        ]
      : []),
    ...parcels
      .filter((parcel) => parcel.state === "sent")
      .map((parcel) =>
        line("check", "success", t("outbox.sent", { number: parcel.number ?? "" }), [
          el("a", { className: "button button--small", href: `${parcel.followUrl}?new=1`, onclick: gone(parcel) }, t("outbox.follow")),
          closeButton(gone(parcel)),
        ]),
      ),
    ...parcels
      .filter((parcel) => parcel.state === "refused")
      .map((parcel) =>
        line("alert", "error", t("outbox.refused", { reason: parcel.reason ?? "" }), [
          el("button", { type: "button", className: "button button--small", onclick: () => void correct(parcel) }, t("outbox.edit")),
        ]),
      ),
  );
}

/** @param {() => void} run */
const closeButton = (run) =>
  el("button", { type: "button", className: "button button--quiet button--small", onclick: run, "aria-label": t("close") }, icon("cross"));

/**
 * @param {string} sign
 * @param {string} tone
 * @param {string} text
 * @param {HTMLElement[]} tools
 */
function line(sign, tone, text, tools) {
  return el(
    "div",
    { className: `outbox__line ${tone ? `outbox__line--${tone}` : ""}` },
    icon(sign),
    el("p", {}, text),
    el("div", { className: "outbox__tools" }, ...tools),
  );
}

/**
 * Reopens a refused appeal in the form.
 * @param {Parcel} parcel
 */
async function correct(parcel) {
  await dropDraft();
  await writeDraft(parcel.draft);
  await dropParcel(parcel.id);
  location.href = settings.urls.newAppeal;
}
