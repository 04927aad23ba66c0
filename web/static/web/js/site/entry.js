/**
 * What is open on a page, kept in the page's entry of the browser's history: Back closes it, and whoever comes back to the
 * page finds it open.
 */

/** What is kept in the present entry. @returns {Record<string, any>} */
export const entry = () => history.state ?? {};

/**
 * Adds an entry in which this is open too: Back closes it.
 * @param {string} name
 * @param {unknown} value
 */
export function open(name, value) {
  history.pushState({ ...entry(), [name]: value, opened: name }, "");
}

/**
 * Changes what is kept in the present entry; undefined takes it out.
 * @param {string} name
 * @param {unknown} value
 */
export function keep(name, value) {
  const { [name]: _before, ...others } = entry();
  history.replaceState(value === undefined ? others : { ...others, [name]: value }, "");
}

/**
 * Closes what is open: a step back where it was opened in the present entry, which leaves none behind.
 * @param {string} name
 */
export function leave(name) {
  if (entry().opened === name) history.back();
  else keep(name, undefined);
}
