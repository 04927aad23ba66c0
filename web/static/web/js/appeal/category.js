/** Category picker: searches all leaves, suggests some by what was written, and shows the chosen one beside its closed group. */

import { el } from "city/site/dom.js";
import { t } from "city/site/texts.js";

/** How many categories are suggested at most. */
const SUGGESTED_MAX = 3;
/** Words of a text that are looked at: it says early what it is about, and phones are slow. */
const WORDS_READ = 80;
/** Letters of the stems that were learned, as `appeals.learned_words` cuts them. */
const STEM = 5;
/** A group's words say less than a category's own. */
const OF_GROUP = 0.2;
/** Two words of a category's name beside each other say what one of them leaves open. */
const OF_NAME = 0.2;

/**
 * Words of everyday speech that say nothing of what a text is about, though they begin like words that do, in Kyrgyz, Russian
 * and English, as `plain` writes them.
 */
const EMPTY = new Set(
  (
    "алар анын аны ага алып андан атат ачык баары бар бекер бери берет бериниз бериниздер биз бизге биздин бизде болгон болду болуп " +
    "болот болсо болбойт бул бузулган бутун бутту гана дагы деген деп деле жаа жак жакын жакшы жанында жана жатат жаткан жаш жаткандар " +
    "жер жерден жерде жерге жок жол жолу жолдун жонундо жооп кайра калды калган калат калса качан керек кийин кимде киши койсо койсонуз " +
    "койсонуздар коп кун кундон кундо кызмат менен мурун мен окшойт ордо ошол оз озу сайын сен силер суранам суранабыз тез туруп турат " +
    "турган туш убакыт уй уйдо уйдун уйлор улам уч учун чейин чон шашылыш эки эле эмес эми эмне эч эшик адам адамдар адамга эл балдар " +
    "балдарга бала баланын жардам " +
    "без более больше буду будет было были быть вам вас ваш вместо возле вот все всего всегда всем вчера где даже два дайте день дней " +
    "для дом дома доме дому его еще если есть жду жители жильцы здесь знаю или как какой когда который кто куда лет люди людей людям мне " +
    "много могу может можно мой надо нам нас наш наша наши нашей нашем нас него нее нельзя нет нету ничего нужен нужна нужно нужны один " +
    "она они оно опять очень под после пожалуйста помогите помощь прошу просим просто примите рядом раз работает работы сам сделайте " +
    "сегодня сейчас сколько снова срочно так также там тоже только три тут уже улица улице утра ходить хотя час часто часть чем через " +
    "что чтобы этого это эту этот дети детей детям ребенок стоит стоят идет едет открыть " +
    "about again also and any are because been but can could day days does for from get give had has have here how into its just many " +
    "more much near need needs never not now off one our out over people please since some street than that the their them there they " +
    "this too two very was were what when where which who why will with without you your"
  ).split(" "),
);

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

  /**
   * Offers the categories that the words of the appeal mean most likely, each with the word that says so. None is chosen.
   * @param {string} text
   */
  suggest(text) {
    const place = this.#root.querySelector("[data-suggested]");
    if (!(place instanceof HTMLElement)) return;
    const chosen = this.#root.querySelector("input:checked");
    const found = suggestions(this.#root, text).filter(({ input }) => input !== chosen);
    place.hidden = !found.length || Boolean(chosen);
    if (place.hidden) return place.replaceChildren();
    place.replaceChildren(
      el("p", { className: "small muted" }, t("category.suggested")),
      ...found.map(({ input, name, word }) =>
        el(
          "button",
          { type: "button", className: "button", onclick: () => this.#take(input) },
          el("span", {}, name),
          el("small", { className: "faint" }, t("category.because", { word })),
        ),
      ),
    );
  }

  /** @param {HTMLInputElement} input */
  #take(input) {
    input.checked = true;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    this.open();
    input.focus();
  }

  /** @param {string} typed */
  #narrow(typed) {
    // Words in Russian that were typed with the keyboard in English mean what the same keys write.
    const shown = this.#showFitting(plain(typed)) || this.#showFitting(russian(plain(typed))) || this.#showFitting(plain(typed), 1);
    const none = this.#root.querySelector("[data-category-none]");
    if (none instanceof HTMLElement) {
      none.hidden = shown > 0;
      none.textContent = shown ? "" : t("form.noLeaf");
    }
  }

  /**
   * Shows the leaves that the words mean, all without a word; how many they are.
   * @param {string} typed
   * @param {number} slips letters that may be wrong in a long word
   */
  #showFitting(typed, slips = 0) {
    const all = typed.split(/[\s,.;]+/).filter(Boolean);
    const leaves = this.#groups.flatMap((group) => {
      const ofGroup = meanings(group, group.querySelector("summary"));
      return [...group.querySelectorAll("label")].map((leaf) => ({ leaf, means: [...meanings(leaf, leaf), ...ofGroup] }));
    });
    const fits = (/** @type {string[]} */ means, /** @type {string} */ word) => means.some((beginning) => begins(word, beginning, slips));
    // Beside others, little words and those that mean no category say nothing: нет воды.
    const telling = all.filter((word) => word.length > 2 || all.length === 1);
    const words = telling.filter((word) => leaves.some(({ means }) => fits(means, word)));
    let shown = 0;
    for (const { leaf, means } of leaves) {
      leaf.hidden = all.length > 0 && !(words.length && words.every((word) => fits(means, word)));
      if (!leaf.hidden) shown += 1;
    }
    for (const group of this.#groups) {
      // Groups open one at a time; while searching, all groups with a match do.
      group.name = all.length ? "" : "category-group";
      group.hidden = !group.querySelector("label:not([hidden])");
      group.open = all.length ? !group.hidden : Boolean(group.querySelector("input:checked"));
    }
    return shown;
  }
}

/**
 * The categories that a text is about, the likeliest first: by what they are called, where a word counts the more the fewer
 * categories have it and the earlier it stands, and by what those that were answered are written with.
 * @param {HTMLElement} root
 * @param {string} text
 * @returns {{input: HTMLInputElement, name: string, word: string}[]}
 */
export function suggestions(root, text) {
  const written = [...text.normalize("NFC").matchAll(/[\p{L}\d]{3,}/gu)].map(([word]) => word).slice(0, WORDS_READ);
  const words = [...new Map(written.map((word) => [plain(word), word]))].filter(([word]) => !EMPTY.has(word));
  const leaves = [...root.querySelectorAll("details")].flatMap((group) => {
    const ofGroup = meanings(group, group.querySelector("summary"));
    return [...group.querySelectorAll("label")].map((leaf) => ({ leaf, group, own: meanings(leaf, leaf), ofGroup, score: 0, best: 0, word: "" }));
  });
  for (const [at, [word, asWritten]] of words.entries()) {
    const weights = leaves.map(({ own, ofGroup }) => (own.some((one) => says(word, one)) ? 1 : ofGroup.some((one) => says(word, one)) ? OF_GROUP : 0));
    const having = sum(weights);
    for (const [index, entry] of leaves.entries()) {
      const counts = ((weights[index] ?? 0) / (having || 1)) / Math.sqrt(1 + at / 10);
      entry.score += counts;
      if (counts > entry.best) [entry.best, entry.word] = [counts, asWritten];
    }
  }
  // A word that may be of two groups is of the one that others speak for: дараге beside яма is дороге, and no form of дарак.
  const groups = new Map();
  for (const { group, score } of leaves) groups.set(group, (groups.get(group) ?? 0) + score);
  for (const entry of leaves) if (entry.score) entry.score += OF_GROUP * (groups.get(entry.group) - entry.score);
  const said = new Set(pairs(text));
  for (const entry of leaves) if (entry.score && pairs(entry.leaf.textContent ?? "").some((pair) => said.has(pair))) entry.score += OF_NAME;
  const scores = sum(leaves.map(({ score }) => score));
  const learned = likelihoods(root, words);
  return leaves
    .flatMap(({ leaf, score, word }) => {
      const input = leaf.querySelector("input");
      const likely = learned.get(input?.value ?? "");
      const reason = word || likely?.word;
      if (!input || !reason) return [];
      return [{ input, name: leaf.textContent?.trim() ?? "", word: reason, score: score / (scores || 1) + (likely?.share ?? 0) }];
    })
    .sort((one, other) => other.score - one.score)
    .slice(0, SUGGESTED_MAX);
}

/**
 * How likely each category is by naive Bayes, all before any word being alike, and the word that speaks most for it. Words of
 * one text are not independent of each other: many say less than their product would.
 * @param {HTMLElement} root
 * @param {[string, string][]} words plain, and as they are written
 * @returns {Map<string, {share: number, word: string}>} by the category's code; empty where no word is known
 */
function likelihoods(root, words) {
  const learned = Object.entries(/** @type {Record<string, Record<string, number>>} */ (JSON.parse(root.querySelector("#learned-words")?.textContent ?? "{}")));
  const known = new Set(learned.flatMap(([, counts]) => Object.keys(counts)));
  const said = [...new Map(words.map(([word, asWritten]) => [word.slice(0, STEM), asWritten]))].filter(([stem]) => known.has(stem));
  if (!said.length) return new Map();
  const all = learned.map(([code, counts]) => {
    const total = sum(Object.values(counts)) + known.size;
    const logs = said.map(([stem]) => Math.log(((counts[stem] ?? 0) + 1) / total));
    const [, word] = said.reduce((best, one) => ((counts[one[0]] ?? 0) > (counts[best[0]] ?? 0) ? one : best));
    const isSaid = said.some(([stem]) => counts[stem]);
    return { code, weight: Math.exp(sum(logs) / Math.sqrt(said.length)), word: isSaid ? word : "" };
  });
  const whole = sum(all.map(({ weight }) => weight));
  return new Map(all.map(({ code, weight, word }) => [code, { share: weight / whole, word }]));
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/**
 * True for a whole word of a text that begins so, unlike one that is still being typed.
 * @param {string} word
 * @param {string} beginning
 */
const says = (word, beginning) =>
  beginning.length > 2 && (word === beginning || (!beginning.startsWith(word) && begins(word, beginning, 0)));

/** Words of the text as they stand beside each other: no water, нет воды. @param {string} text */
function pairs(text) {
  const words = plain(text).split(/[^\p{L}\d]+/u).filter(Boolean);
  return words.slice(1).map((word, n) => `${words[n]} ${word}`);
}

/**
 * Beginnings of the words that mean it, which the server made of its names and other words, and the words of the name.
 * @param {HTMLElement} element
 * @param {Element | null} named
 */
function meanings(element, named) {
  const name = plain(named?.textContent ?? "").split(/[^\p{L}\d]+/u);
  return [...(element.dataset.means ?? "").split(" "), ...name].filter(Boolean);
}

/**
 * True for a form of a word that begins so, and for as much of it as has been typed; a short beginning may be followed by
 * an ending alone.
 * @param {string} word
 * @param {string} beginning
 * @param {number} slips
 */
function begins(word, beginning, slips) {
  if (beginning.startsWith(word)) return true;
  if (beginning.length < 5) return word.startsWith(beginning) && word.length - beginning.length <= 3;
  if (word.startsWith(beginning)) return true;
  const [heard, known] = [alike(word), alike(beginning)];
  if (known.length > 4 && heard.length > 4 && (heard.startsWith(known) || known.startsWith(heard))) return true;
  return slips > 0 && word.length > 4 && oneSlip(heard, known);
}

/** Vowels that sound alike: светафор. @param {string} word */
const alike = (word) => word.replace(/о/g, "а").replace(/[еэ]/g, "и").replace(/[ьъ]/g, "");

/**
 * True when the word begins like the other one but for a letter that is wrong, missing, too much or in its neighbour's place.
 * @param {string} word
 * @param {string} other
 */
function oneSlip(word, other) {
  let at = 0;
  while (at < other.length && word[at] === other[at]) at += 1;
  const rest = (/** @type {number} */ mine, /** @type {number} */ theirs) => word.slice(at + mine).startsWith(other.slice(at + theirs));
  const turned = word[at] === other[at + 1] && word[at + 1] === other[at] && rest(2, 2);
  return turned || rest(1, 1) || rest(0, 1) || rest(1, 0);
}

/**
 * Lower case, with letters missing on some keyboards replaced, as the server does: ө by о, ү by у, ң by н, ё by е, Uzbek ones too.
 * @param {string} text
 */
function plain(text) {
  const near = /** @type {Record<string, string>} */ ({ ө: "о", ү: "у", ң: "н", ё: "е", ў: "у", қ: "к", ғ: "г" });
  return text.normalize("NFC").toLowerCase().replace(/[өүңёўқғ]/g, (letter) => near[letter] ?? letter).trim();
}

const LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюе";

/** What the same keys write in Russian. @param {string} text */
const russian = (text) => [...text].map((letter) => RUSSIAN[LATIN.indexOf(letter)] ?? letter).join("");
