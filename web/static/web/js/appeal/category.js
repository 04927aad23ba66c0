/** Category picker: searches all leaves, and shows the chosen one beside its closed group. */

import { t } from "city/site/texts.js";

export class CategoryChoice {
  #root;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    const search = root.querySelector("[data-category-search]");
    if (search instanceof HTMLInputElement) {
      search.addEventListener("input", () => this.#narrow(search.value));
      search.addEventListener("keydown", (event) => {
        if (event.key === "Enter") event.preventDefault();
      });
    }
    root.addEventListener("change", () => this.showChosen());
    this.showChosen();
  }

  get #groups() {
    return [...this.#root.querySelectorAll("details")];
  }

  /** Shows the chosen leaf on its group, so that a closed group does not hide it. */
  showChosen() {
    for (const group of this.#groups) {
      const chosen = group.querySelector("input:checked");
      const place = group.querySelector("[data-chosen]");
      if (place) place.textContent = chosen?.closest("label")?.textContent?.trim() ?? "";
    }
  }

  /** Opens the group of the chosen leaf. */
  open() {
    const group = this.#root.querySelector("input:checked")?.closest("details");
    if (group) group.open = true;
  }

  /** @param {string} typed */
  #narrow(typed) {
    const words = plain(typed).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const group of this.#groups) {
      // Groups open one at a time; while searching, all groups with a match do.
      group.name = words.length ? "" : "category-group";
      const groupName = plain(group.querySelector("summary")?.textContent ?? "");
      let matches = 0;
      for (const leaf of group.querySelectorAll("label")) {
        const name = `${groupName} ${plain(leaf.textContent ?? "")}`;
        const fits = words.every((word) => name.includes(word));
        leaf.hidden = !fits;
        if (fits) matches += 1;
      }
      group.hidden = matches === 0;
      group.open = words.length ? matches > 0 : Boolean(group.querySelector("input:checked"));
      shown += matches;
    }
    const none = this.#root.querySelector("[data-category-none]");
    if (none instanceof HTMLElement) {
      none.hidden = shown > 0;
      none.textContent = shown ? "" : t("form.noLeaf");
    }
  }
}

/**
 * Lower case, with letters missing on some keyboards replaced: ө by о, ү by у, ң by н, ё by е.
 * @param {string} text
 */
function plain(text) {
  const near = /** @type {Record<string, string>} */ ({ ө: "о", ү: "у", ң: "н", ё: "е" });
  return text.toLowerCase().replace(/[өүңё]/g, (letter) => near[letter] ?? letter).trim();
}
