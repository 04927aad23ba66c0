/**
 * What is being written at the desk, or on an author's own page, kept on this machine from the first letter on, before the
 * server hears of it. In localStorage, which is written before the browser does anything else, such as closing the tab; files
 * are in the store of the outbox.
 */

import { dropFile } from "city/outbox/store.js";

const START = "desk/written/";
/** In the place of the person whose words they are at the desk: whoever has the device. */
export const AUTHOR = "author";
/** The same of comments, which are written on the page that everybody reads. */
export const RESIDENT = "resident";
/** The device forgets an appeal: what is typed for it on its page goes too. */
export const FORGOTTEN = "written:forgotten";

/**
 * Whose words they are, for which appeal, in the form of which verb.
 * @typedef {object} Place
 * @property {string} writer
 * @property {string} number
 * @property {string} verb
 */

/**
 * @typedef {object} Written
 * @property {string} text
 * @property {Record<string, string>} values the form's other fields
 * @property {string[]} files
 * @property {string[]} bases texts that the server may have from here, and a page that was made a moment ago
 * @property {boolean} known the server has all of it
 * @property {string} url where the server keeps it
 * @property {string[]} takes
 * @property {number} [at] when it was written here, in milliseconds since 1970
 * @property {boolean} [whole] all of it is in the values: a form that is of no appeal, or an author's
 */

/** @param {Place} place */
export const keyOf = ({ writer, number, verb }) => `${START}${writer}/${number}/${verb}`;

/** @param {Place} place @returns {Written | undefined} */
export function readWritten(place) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(place)) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * For the page that is being shown: `known` only if the server had all of it before this page was asked for. A page is
 * asked for while the one before it still runs and brings its last words to the server.
 * @param {Place} place
 * @returns {Written | undefined}
 */
export function readForPage(place) {
  const written = readWritten(place);
  return written && { ...written, known: written.known && performance.timeOrigin >= (written.at ?? 0) };
}

/**
 * False where the browser stores nothing, as in some private windows; the server keeps it all the same.
 * @param {Place} place
 * @param {Written} written
 */
export function writeWritten(place, written) {
  try {
    localStorage.setItem(keyOf(place), JSON.stringify({ ...written, at: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

/** @param {Place} place */
export async function dropWritten(place) {
  const files = readWritten(place)?.files ?? [];
  try {
    localStorage.removeItem(keyOf(place));
  } catch {
    return;
  }
  await Promise.all(files.map((id) => dropFile(id).catch(() => undefined)));
}

/** Everything of that person. @param {string} writer @returns {Place[]} */
export function placesOf(writer) {
  const start = `${START}${writer}/`;
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(start))
      .map((key) => {
        const [number = "", verb = ""] = key.slice(start.length).split("/");
        return { writer, number, verb };
      });
  } catch {
    return [];
  }
}

/**
 * Runs while no other page has this place open, and says whether it did. Browsers without locks have none that is known.
 * @param {Place} place
 * @param {() => Promise<void>} run
 */
export async function ifNowhereOpen(place, run) {
  if (!navigator.locks) return run();
  await navigator.locks.request(keyOf(place), { ifAvailable: true }, async (lock) => {
    if (lock) await run();
  });
}

/** Until this page is closed, the place is open here. @param {Place} place */
export function holdOpen(place) {
  void navigator.locks?.request(keyOf(place), { mode: "shared" }, () => new Promise(() => undefined));
}
