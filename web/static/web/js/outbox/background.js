/** In the service worker: sends what is waiting when the network is back, though no page is open (Background Sync). */

import { alone, flushNow } from "city/outbox/deliver.js";
import { readParcels } from "city/outbox/store.js";

/** @typedef {ExtendableEvent & {tag: string}} SyncEvent */

self.addEventListener("sync", (event) => {
  const { tag } = /** @type {SyncEvent} */ (event);
  if (tag === "outbox") /** @type {SyncEvent} */ (event).waitUntil(send());
});

/** Throws while something waits: the browser tries it again. */
async function send() {
  // A page that is sending at this moment may be closed in the middle.
  await alone(flushNow, { wait: true });
  if ((await readParcels()).some(({ state }) => state === "waiting")) throw new Error("appeals are waiting");
}
