/** What pages and the service worker tell each other of the outbox, so that every page shows it as it is. */

/**
 * `share` of the appeal's files has been sent, or of a proof been looked for; or the parcels have `changed`; or whoever sends that appeal is to `stop`.
 * @typedef {{id: string, share: number, proving?: boolean} | {changed: true} | {stop: string}} Word
 */

const wire = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("outbox");
/** @type {Set<(word: Word) => void>} */
const listeners = new Set();

if (wire) wire.onmessage = ({ data }) => listeners.forEach((listener) => listener(data));

/** Tells it to all, here and elsewhere. @param {Word} word */
export function tellOutbox(word) {
  for (const listener of [...listeners]) listener(word);
  wire?.postMessage(word);
}

/**
 * Returns a function that ends it.
 * @param {(word: Word) => void} listener
 */
export function hearOutbox(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
