/** The photos and videos of a verb's form, with those that the server has received already. */

import { Files } from "city/appeal/files.js";
import { el } from "city/site/dom.js";

/**
 * A list that takes the place of the field's own; undefined where the form has no such field.
 * @param {HTMLFormElement} form
 * @param {() => void} changed
 */
export function filesOf(form, changed) {
  const input = form.querySelector("input[type=file]");
  if (!(input instanceof HTMLInputElement)) return undefined;
  const field = input.parentElement ?? form;
  const list = el("ul", { className: "files", role: "list" });
  const error = el("p", { className: "field-error", role: "alert" });
  field.append(list, error);
  const files = new Files({ list, input, drop: field, error }, changed);
  for (const had of form.querySelectorAll("[data-received]")) {
    if (!(had instanceof HTMLElement)) continue;
    files.adopt({ id: had.dataset.received ?? "", name: had.dataset.name ?? "", thumb: had.querySelector("img")?.src });
  }
  form.querySelector("[data-received-list]")?.remove();
  return files;
}

/**
 * The form names these when it is sent.
 * @param {HTMLFormElement} form
 * @param {Files | undefined} files
 */
export function nameFiles(form, files) {
  for (const old of form.querySelectorAll("input[name=uploads]")) old.remove();
  form.append(...(files?.ids ?? []).map((id) => el("input", { type: "hidden", name: "uploads", value: id })));
}
