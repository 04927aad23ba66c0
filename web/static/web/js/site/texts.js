/** The interface's sentences in the page's language; they live in web/js_messages.py and its locale files. */

import { jsonBlock, settings } from "city/site/settings.js";

/** @type {Record<string, string>} */
const texts = jsonBlock("site-texts");

/**
 * The sentence of that key, `%(name)s` replaced by values.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = texts[key];
  if (text === undefined) throw new Error(`no text for "${key}" in web/js_messages.py`);
  return text.replace(/%\((\w+)\)s|%%/g, (match, name) => (match === "%%" ? "%" : String(values[name] ?? "")));
}

// Chromium has no Kyrgyz number and date forms of its own on some systems; Russian ones are what Kyrgyz texts use.
const locale = settings.language === "ky" ? ["ky", "ru"] : settings.language;
const numbers = new Intl.NumberFormat(locale);
const compact = new Intl.NumberFormat(settings.language === "en" ? "en" : "ru", { notation: "compact" });

/** @param {number} n */
export const formatNumber = (n) => numbers.format(n);

/**
 * A number short enough for a bubble on the map: 950, 1.2K.
 * @param {number} n
 */
export const formatCompact = (n) => (n < 1000 ? String(n) : compact.format(n).replace(/\s/g, "\u00a0"));

/**
 * A calendar day, such as "2026-05-31", as digits that every reader of the three languages knows: 31.05.2026.
 * @param {string} iso
 */
export function formatDay(iso) {
  const [year, month, day] = iso.slice(0, 10).split("-");
  return `${day}.${month}.${year}`;
}
