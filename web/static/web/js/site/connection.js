/**
 * Whether the server can be reached. `navigator.onLine` says only that some interface is up: true beside a dead mast, and
 * in some browsers true again after a reload. So whoever meets silence says so here, and the server itself is asked.
 */

import { settings } from "city/site/settings.js";

/** The event of `window` when `isOffline()` has changed. */
export const CONNECTION_CHANGED = "connection:changed";

const PROBE_TIMEOUT_MS = 8_000;
const PROBE_AGAIN_MS = 10_000;

let isSilent = false;
let isProbing = false;
let wasOffline = !navigator.onLine;

/** True when the browser knows of no network, or the server gave no answer when last asked. */
export const isOffline = () => isSilent || !navigator.onLine;

/** Asks the server, after a request without an answer, until it answers. */
export async function suspectSilence() {
  if (isProbing) return;
  isProbing = true;
  isSilent = !(await answers());
  isProbing = false;
  if (isSilent) setTimeout(() => void suspectSilence(), PROBE_AGAIN_MS);
  tell();
}

/**
 * Loads the page anew once the server answers; without an answer the page stays, where the browser would show its own.
 * For a script that could not be loaded: as long as the page is there, some browsers never ask for a module again.
 */
export async function loadAnew() {
  await suspectSilence();
  if (!isOffline()) location.reload();
}

/** Listens to the browser, and asks the service worker whether this page is a copy that it gave for want of an answer. */
export function watchConnection() {
  window.addEventListener("offline", tell);
  window.addEventListener("online", () => {
    tell();
    void suspectSilence();
  });
  const { serviceWorker } = navigator;
  if (!serviceWorker?.controller) return;
  serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.unanswered) void suspectSilence();
  });
  serviceWorker.startMessages();
  serviceWorker.controller.postMessage({ asks: "unanswered" });
}

/** Any status is an answer. */
async function answers() {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), PROBE_TIMEOUT_MS);
  try {
    await fetch(settings.urls.health, { method: "HEAD", cache: "no-store", credentials: "omit", signal: limit.signal });
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function tell() {
  if (wasOffline === isOffline()) return;
  wasOffline = isOffline();
  // The service worker asks too.
  globalThis.dispatchEvent(new Event(CONNECTION_CHANGED));
}
