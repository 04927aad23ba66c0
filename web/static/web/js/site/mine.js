/**
 * The appeals whose own pages this device remembers, newest first; whoever has the device can open them. Where the browser
 * stores nothing there are none.
 */

/**
 * @typedef {object} Mine
 * @property {number} number
 * @property {string} secret opens the author's own page
 * @property {string} about how its text begins
 * @property {string} at when it was sent, ISO 8601
 */

const NAME = "my-appeals";
/** Older ones are found by e-mail. */
const MOST = 100;
const ABOUT_MAX = 90;

/** @returns {Mine[]} */
export function mine() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** @param {Mine} one */
export function rememberMine(one) {
  const about = [...one.about.trim()].slice(0, ABOUT_MAX).join("");
  store([{ ...one, about }, ...mine().filter(({ number }) => number !== one.number)].sort((a, b) => b.number - a.number));
}

/** @param {number} number */
export function forgetMine(number) {
  store(mine().filter((one) => one.number !== number));
}

/** The device remembers none any more. */
export function forgetAllMine() {
  store([]);
}

/** @param {Mine[]} all */
function store(all) {
  try {
    localStorage.setItem(NAME, JSON.stringify(all.slice(0, MOST)));
  } catch {
    // The secret link works all the same.
  }
}
