/** Choices of yes or no that this device remembers, by name; where the browser stores nothing they are no. */

/** @param {string} name */
export function remembered(name) {
  try {
    return localStorage.getItem(name) === "1";
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @param {boolean} is
 */
export function remember(name, is) {
  try {
    if (is) localStorage.setItem(name, "1");
    else localStorage.removeItem(name);
  } catch {
    // It is asked again next time.
  }
}
