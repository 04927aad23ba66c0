/**
 * Texts that have a limit (`data-most`): what is too long is said while it is written, and is not sent. Nothing is cut off,
 * as `maxlength` would do with what is pasted.
 */

import { el } from "city/site/dom.js";
import { formatNumber, t } from "city/site/texts.js";

/** @param {HTMLTextAreaElement} field */
function count(field) {
  // As the server counts: characters, without the space around them.
  const over = [...field.value.trim()].length - Number(field.dataset.most);
  const words = over > 0 ? t("text.tooLong", { count: formatNumber(over) }) : "";
  field.setCustomValidity(words);
  let said = field.nextElementSibling;
  if (!said?.hasAttribute("data-too-long")) {
    if (!words) return;
    said = el("p", { className: "field-error", role: "status", "data-too-long": "" });
    field.after(said);
  }
  if (said.textContent !== words) said.textContent = words;
}

document.addEventListener("input", ({ target }) => {
  if (target instanceof HTMLTextAreaElement && target.dataset.most) count(target);
});
for (const field of document.querySelectorAll("textarea[data-most]")) {
  if (field instanceof HTMLTextAreaElement) count(field);
}
