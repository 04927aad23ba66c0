/** What every page does: names its custom elements on first sight, and stands ready for a lost network. */

import { settings } from "city/site/settings.js";

/** Custom elements and the modules that define them, loaded where a page has one. */
/** @type {Record<string, () => Promise<unknown>>} */
const ELEMENTS = {
  "city-map": () => import("city/elements/city-map.js"),
  "appeal-browser": () => import("city/elements/appeal-browser.js"),
  "appeal-form": () => import("city/elements/appeal-form.js"),
  "copy-link": () => import("city/site/copy-link.js"),
};

for (const [name, load] of Object.entries(ELEMENTS)) {
  if (document.querySelector(name)) void load();
}
document.documentElement.classList.add("has-scripts");

void import("city/site/network.js").then(({ watchNetwork }) => watchNetwork());

if ("serviceWorker" in navigator) {
  window.addEventListener("load", () => {
    // A page without a worker is a page that needs the network, nothing worse.
    navigator.serviceWorker.register(settings.urls.serviceWorker, { scope: "/" }).catch(() => undefined);
  });
}
