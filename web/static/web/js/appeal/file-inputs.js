/** The file inputs of ordinary forms, such as an answer's: what would be refused is said where it was chosen. */

import { problemWith } from "city/appeal/acceptable.js";
import { el } from "city/site/dom.js";
import { t } from "city/site/texts.js";

for (const input of document.querySelectorAll("form > .field > input[type=file]")) {
  if (input instanceof HTMLInputElement) watch(input);
}

/** @param {HTMLInputElement} input */
function watch(input) {
  const said = el("p", { className: "field-error", role: "alert", id: `${input.id}_refused` });
  input.after(said);
  const described = [input.getAttribute("aria-describedby"), said.id].filter(Boolean).join(" ");
  input.setAttribute("aria-describedby", described);
  let turn = 0;
  const check = async () => {
    turn += 1;
    const mine = turn;
    const received = input.form?.querySelectorAll("input[name=uploads]").length ?? 0;
    // Until it is known, the form is not sent.
    input.setCustomValidity(t("upload.preparing"));
    const problems = await Promise.all([...(input.files ?? [])].map((file, index) => problemWith(file, received + index)));
    if (mine !== turn) return;
    const words = [...new Set(problems.filter(Boolean))].join(" ");
    said.textContent = words;
    input.setCustomValidity(words);
    input.ariaInvalid = words ? "true" : null;
  };
  input.addEventListener("change", check);
  // What was chosen before this script was there.
  void check();
}
