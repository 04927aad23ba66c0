/** Runs on every page: loads its custom elements when they appear, and prepares for a lost network. */

import { watchHeader } from "city/site/header.js";
import { settings } from "city/site/settings.js";

/** Custom elements and the modules that define them, loaded if a page uses them. */
/** @type {Record<string, () => Promise<unknown>>} */
const ELEMENTS = {
  "city-map": () => import("city/elements/city-map.js"),
  "appeal-browser": () => import("city/elements/appeal-browser.js"),
  "appeal-form": () => import("city/elements/appeal-form.js"),
  "desk-session": () => import("city/elements/desk-session.js"),
  "field-start": () => import("city/elements/field-start.js"),
  "desk-map": () => import("city/elements/desk-map.js"),
  "appeal-pin": () => import("city/elements/appeal-pin.js"),
  "drawn-place": () => import("city/elements/drawn-place.js"),
  "own-words": () => import("city/elements/own-words.js"),
  "push-alert": () => import("city/elements/push-alert.js"),
  "marked-place": () => import("city/elements/marked-place.js"),
  "place-here": () => import("city/elements/place-here.js"),
  "desk-caller": () => import("city/elements/desk-caller.js"),
  "photo-areas": () => import("city/elements/photo-areas.js"),
  "desk-keys": () => import("city/elements/desk-keys.js"),
  "second-step-key": () => import("city/elements/second-step-key.js"),
  "my-appeals": () => import("city/elements/my-appeals.js"),
  "my-appeal": () => import("city/elements/my-appeals.js"),
  "attach-appeals": () => import("city/elements/my-appeals.js"),
  "forget-appeals": () => import("city/elements/my-appeals.js"),
  "copy-link": () => import("city/site/copy-link.js"),
  "work-progress": () => import("city/elements/work-progress.js"),
  "textarea[data-most]": () => import("city/site/too-long.js"),
};

const parts = Object.entries(ELEMENTS).filter(([name]) => document.querySelector(name)).map(([, load]) => load());
document.documentElement.classList.add("has-scripts");
watchHeader();

// A page that comes back as it was left would show what was chosen next beside the answer to what was asked before.
window.addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  for (const form of document.querySelectorAll("form[data-as-answered]")) {
    if (form instanceof HTMLFormElement) form.reset();
  }
});

void import("city/site/network.js").then(({ sayMissing, watchNetwork }) => {
  watchNetwork();
  void Promise.all(parts).catch(sayMissing);
});

if ("serviceWorker" in navigator) {
  const { serviceWorker } = navigator;
  const isFirstVisit = !serviceWorker.controller;
  window.addEventListener("load", async () => {
    try {
      await serviceWorker.register(settings.urls.serviceWorker, { scope: "/" });
      const { active } = await serviceWorker.ready;
      // This page's resources bypassed the worker; once it knows them, it can open the page offline.
      if (isFirstVisit && active) tellSeen(active);
    } catch {
      // Without a worker the page merely needs the network.
    }
  });
}

/** @param {ServiceWorker} worker */
function tellSeen(worker) {
  worker.postMessage({ seen: [location.href] });
  const observer = new PerformanceObserver((list) => {
    const past = list.getEntries().filter((entry) => entry instanceof PerformanceResourceTiming && !entry.workerStart);
    if (past.length) worker.postMessage({ seen: past.map(({ name }) => name) });
  });
  observer.observe({ type: "resource", buffered: true });
}
