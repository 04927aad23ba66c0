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
/** The numbers of appeals of whose steps this browser is told. */
const FOLLOWED = "followed";
/** Older ones are found by e-mail. */
const MOST = 100;
const ABOUT_MAX = 90;

/** @returns {Mine[]} */
export const mine = () => kept(NAME);

/** @param {Mine} one */
export function rememberMine(one) {
  const about = [...one.about.trim()].slice(0, ABOUT_MAX).join("");
  store([{ ...one, about }, ...mine().filter(({ number }) => number !== one.number)].sort((a, b) => b.number - a.number));
}

/** @param {number} number */
export function forgetMine(number) {
  store(mine().filter((one) => one.number !== number));
}

/** The device remembers none any more, and is told of none. */
export function forgetAllMine() {
  store([]);
  keep(FOLLOWED, []);
}

/**
 * True when this browser has asked to be told of the appeal's steps.
 * @param {number} number
 */
export const followsAppeal = (number) => kept(FOLLOWED).includes(number);

/**
 * @param {number} number
 * @param {boolean} follows
 */
export function setFollowed(number, follows) {
  const others = kept(FOLLOWED).filter((one) => one !== number);
  keep(FOLLOWED, follows ? [number, ...others] : others);
}

/** @param {Mine[]} all */
const store = (all) => keep(NAME, all);

/**
 * @param {string} name
 * @returns {any[]}
 */
function kept(name) {
  try {
    const all = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(all) ? all : [];
  } catch {
    return [];
  }
}

/**
 * @param {string} name
 * @param {unknown[]} all
 */
function keep(name, all) {
  try {
    localStorage.setItem(name, JSON.stringify(all.slice(0, MOST)));
  } catch {
    // The secret link works all the same.
  }
}
