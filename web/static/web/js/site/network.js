/** Shows on every page that the network is lost, what is waiting for it, and that it was lost while the page was loaded. */

import { CONNECTION_CHANGED, isOffline, loadAnew, watchConnection } from "city/site/connection.js";
import { el, icon } from "city/site/dom.js";
import { t } from "city/site/texts.js";
import { watchOutbox } from "city/outbox/banner.js";

const BACK_MS = 3_000;

/** Shows the banner on every page while there is no network. */
export function watchNetwork() {
  const banner = el("div", { className: "offline-banner", role: "status" });
  document.body.prepend(banner);
  const show = () => {
    banner.classList.toggle("offline-banner--on", isOffline());
    banner.replaceChildren(...(isOffline() ? [icon("offline"), el("span", {}, t("offline"))] : []));
  };
  window.addEventListener(CONNECTION_CHANGED, () => {
    show();
    if (isOffline()) return;
    banner.replaceChildren(el("span", {}, t("online")));
    banner.classList.add("offline-banner--on");
    setTimeout(show, BACK_MS);
  });
  if (isOffline()) show();
  watchConnection();
  void watchOutbox();
}

/** Says that a script of the page could not be loaded, and offers to load it again. */
export function sayMissing() {
  const again = el("button", { type: "button", className: "button button--small", onclick: () => void loadAnew() }, t("retry"));
  const note = el("div", { className: "notice notice--warning", role: "alert" }, icon("alert"), el("span", {}, t("page.incomplete")), again);
  document.querySelector("main")?.before(note);
}
