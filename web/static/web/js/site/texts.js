/** The interface's texts in the page's language; they are in web/script_texts.py and its locale files. */

import { jsonBlock, settings } from "city/site/settings.js";

/** @type {Record<string, string>} */
const texts = jsonBlock("site-texts");

/**
 * The text for the key, with `%(name)s` replaced by values.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = texts[key];
  if (text === undefined) throw new Error(`no text for "${key}" in web/js_messages.py`);
  return text.replace(/%\((\w+)\)s|%%/g, (match, name) => (match === "%%" ? "%" : String(values[name] ?? "")));
}

// On some systems Chromium lacks Kyrgyz number and date formats; Kyrgyz texts use the Russian ones.
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

const moments = new Intl.DateTimeFormat(locale === "en" ? "en-GB" : "ru", { dateStyle: "short", timeStyle: "short", timeZone: settings.timeZone });

/**
 * A moment as the server writes it, in the city's time: 31.05.2026, 18:00.
 * @param {string} iso
 */
export const formatMoment = (iso) => moments.format(new Date(iso));

// Canada writes days as the server does.
const days = new Intl.DateTimeFormat("en-CA", { timeZone: settings.timeZone, year: "numeric", month: "2-digit", day: "2-digit" });

/** The city's calendar day at that moment, as the server writes it: 2026-05-31. @param {Date} [moment] now without one */
export const dayInCity = (moment) => days.format(moment);

const inWords = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

/**
 * A calendar day, such as "2026-05-31", or that of a moment in the city: 31 May 2026; 31.05.2026 in Kyrgyz and Russian.
 * @param {string} iso as the server writes it
 */
export function formatDay(iso) {
  const written = iso.includes("T") ? dayInCity(new Date(iso)) : iso;
  if (settings.language === "en") return inWords.format(new Date(`${written}T00:00:00Z`));
  const [year, month, day] = written.split("-");
  return `${day}.${month}.${year}`;
}
