/** Shows on every page each appeal that is waiting, on its way, sent or refused, until its author has seen it. */

import { CONNECTION_CHANGED, isOffline } from "city/site/connection.js";
import { el, icon } from "city/site/dom.js";
import { settings } from "city/site/settings.js";
import { t } from "city/site/texts.js";
import { flush, rememberParcel } from "city/outbox/deliver.js";
import { dropDraft, dropFile, dropParcel, moveParcel, readParcels, writeDraft } from "city/outbox/store.js";
import { hearOutbox, tellOutbox } from "city/outbox/wire.js";

const RETRY_MS = 30_000;
const ABOUT_MAX = 60;

/** @typedef {import("city/outbox/store.js").Parcel} Parcel */

/** Sends what is waiting, now and whenever the network comes back, and shows how it goes. */
export async function watchOutbox() {
  const place = el("div", { className: "outbox", role: "status" });
  document.querySelector("main")?.before(place);
  const look = async () => {
    try {
      show(place, await unseen(), run);
    } catch {
      // This browser stores nothing, so nothing is waiting.
    }
  };
  const run = async () => {
    await look();
    if (!isOffline() && place.querySelector("[data-state=waiting]")) await flush().catch(() => undefined);
  };
  hearOutbox((word) => {
    if ("changed" in word) void look();
    else if ("share" in word) showShare(place, word);
  });
  window.addEventListener(CONNECTION_CHANGED, run);
  window.addEventListener("outbox:changed", run);
  setInterval(() => {
    // That which is on its way too: whoever sent it may have been closed meanwhile.
    if (place.querySelector("[data-state=waiting]")) void run();
  }, RETRY_MS);
  await run();
}

/** What is to be shown: what was sent and has its own page open here has been seen. */
async function unseen() {
  const parcels = await readParcels();
  const sent = parcels.filter(({ state }) => state === "sent");
  // The service worker, which may have sent it, cannot remember it.
  for (const parcel of sent) rememberParcel(parcel, parcel.number ?? 0);
  const seen = sent.filter(({ body }) => location.pathname.includes(`/${body.secret}/`));
  await Promise.all(seen.map(({ id }) => dropParcel(id)));
  return parcels.filter((parcel) => !seen.includes(parcel));
}

/**
 * @param {HTMLElement} place
 * @param {Parcel[]} parcels
 * @param {() => Promise<void>} run
 */
function show(place, parcels, run) {
  place.replaceChildren(...parcels.map((parcel) => line(parcel, run)));
  window.dispatchEvent(new Event("outbox:shown"));
}

/**
 * @param {HTMLElement} place
 * @param {{id: string, share: number, proving?: boolean}} word
 */
function showShare(place, { id, share, proving }) {
  const shown = place.querySelector(`[data-parcel="${CSS.escape(id)}"]`);
  if (!(shown instanceof HTMLElement)) return;
  if (!("sending" in shown.dataset)) shown.querySelector(".icon")?.replaceWith(icon("clock"));
  shown.dataset.sending = "";
  const bar = shown.querySelector("progress");
  if (bar) bar.value = share;
  const words = shown.querySelector("[data-words]");
  if (words) words.textContent = t(proving ? "outbox.proving" : "outbox.sending", { percent: Math.floor(share * 100) });
}

/** What each state is shown with: icon, tone. */
const LOOKS = /** @type {const} */ ({
  waiting: ["offline", ""],
  held: ["clock", ""],
  sent: ["check", "success"],
  refused: ["alert", "error"],
});

/**
 * @param {Parcel} parcel
 * @param {() => Promise<void>} run
 */
function line(parcel, run) {
  const { id, state, body } = parcel;
  const [sign, tone] = LOOKS[state];
  const about = [...body.text.trim().replace(/\s+/g, " ")];
  const quoted = about.length > ABOUT_MAX ? `${about.slice(0, ABOUT_MAX).join("").trim()}…` : about.join("");
  return el(
    "div",
    { className: `outbox__line ${tone ? `outbox__line--${tone}` : ""}`, "data-parcel": id, "data-state": state },
    icon(sign),
    el(
      "p",
      {},
      el("bdi", { className: "outbox__about" }, quoted),
      // Announcing each percent would be a nuisance.
      el("span", { "data-words": "", "aria-live": state === "waiting" ? "off" : "polite" }, wordsOf(parcel)),
      ...(state === "waiting" ? [el("progress", { max: 1, value: 0, "aria-label": quoted })] : []),
    ),
    el("div", { className: "outbox__tools" }, ...tools(parcel, run)),
  );
}

/** @param {Parcel} parcel */
function wordsOf({ state, number, reason }) {
  if (state === "sent") return t("outbox.sent", { number: number ?? "" });
  if (state === "refused") return t("outbox.refused", { reason: reason ?? "" });
  return t(state === "held" ? "outbox.held" : "outbox.waiting");
}

/**
 * @param {Parcel} parcel
 * @param {() => Promise<void>} run
 */
function tools(parcel, run) {
  const { id, state } = parcel;
  const becomes = (/** @type {Parcel["state"]} */ next) => async () => {
    await moveParcel(id, state, next);
    run();
  };
  const forgotten = async () => {
    await dropParcel(id);
    run();
  };
  const deleted = async () => {
    if (!confirm(t("outbox.deleteSure"))) return;
    await Promise.all(parcel.body.uploads.map(dropFile));
    await forgotten();
  };
  switch (state) {
    case "waiting":
      return [
        el("button", { type: "button", className: "button button--small outbox__now", onclick: () => void pressed(id, run) }, t("outbox.sendNow")),
        // Whoever is sending it, this page or another, stops.
        button("outbox.stop", async () => {
          await becomes("held")();
          tellOutbox({ stop: id });
        }),
      ];
    case "held":
      return [button("outbox.sendNow", becomes("waiting")), button("outbox.change", () => correct(parcel)), button("outbox.delete", deleted)];
    case "refused":
      return [button("outbox.edit", () => correct(parcel)), button("outbox.delete", deleted)];
    default:
      return [
        el("a", { className: "button button--small", href: `${parcel.followUrl}?new=1` }, t("outbox.follow")),
        el("button", { type: "button", className: "button button--quiet button--small", onclick: forgotten, "aria-label": t("close") }, icon("cross")),
      ];
  }
}

/**
 * Whoever wants it sent now is told that it cannot be.
 * @param {string} id
 * @param {() => Promise<void>} run
 */
async function pressed(id, run) {
  await run();
  const words = document.querySelector(`[data-parcel="${CSS.escape(id)}"][data-state=waiting]:not([data-sending]) [data-words]`);
  if (!words || !isOffline()) return;
  words.setAttribute("aria-live", "polite");
  words.textContent = t("outbox.noNetwork");
}

/**
 * @param {string} key of its words
 * @param {() => unknown} onclick
 */
const button = (key, onclick) => el("button", { type: "button", className: "button button--small", onclick: () => void onclick() }, t(key));

/**
 * Opens the appeal in the form again.
 * @param {Parcel} parcel
 */
async function correct(parcel) {
  await dropDraft();
  await writeDraft(parcel.draft);
  await dropParcel(parcel.id);
  location.href = settings.urls.newAppeal;
}
