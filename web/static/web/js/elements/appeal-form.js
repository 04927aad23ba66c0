/**
 * `<appeal-form>`: the form for a new appeal, with the map, the preview of who answers, uploads, a draft that outlives
 * the page, and an outbox for when there is no network. The form inside works without all of it.
 */

import { CategoryChoice } from "city/appeal/category.js";
import { Files } from "city/appeal/files.js";
import { newSecret, uuid7 } from "city/appeal/identifiers.js";
import { KnownWorks } from "city/appeal/known-works.js";
import { PlacePicker } from "city/appeal/place.js";
import { RoutePreview } from "city/appeal/route-preview.js";
import { Steps } from "city/appeal/steps.js";
import { CityMap } from "city/elements/city-map.js";
import { alone, deliver, forget } from "city/outbox/deliver.js";
import { dropDraft, dropForgotten, dropParcel, readDraft, readParcels, writeDraft, writeParcel } from "city/outbox/store.js";
import { hearOutbox } from "city/outbox/wire.js";
import { debounce, el, find, icon } from "city/site/dom.js";
import { Refused } from "city/site/http.js";
import { followUrl, settings } from "city/site/settings.js";
import { formatNumber, t } from "city/site/texts.js";

/** Fields that are sent, in the order in which they are checked and corrected. */
const REQUIRED = /** @type {const} */ (["point", "text", "category"]);

/** Fields that an appeal under the law needs besides; the server says what is wrong with what is there. */
const IDENTITY = /** @type {const} */ (["name", "postal_address", "phone"]);

/** @typedef {import("city/outbox/store.js").Draft} Draft */
/** @typedef {import("city/outbox/store.js").Parcel} Parcel */
/** @typedef {Record<string, string[]>} Errors */

export class AppealForm extends HTMLElement {
  /** @type {Files | undefined} */
  #files;
  /** @type {PlacePicker | undefined} */
  #place;
  /** @type {RoutePreview | undefined} */
  #route;
  /** @type {KnownWorks | undefined} */
  #works;
  /** @type {CategoryChoice | undefined} */
  #category;
  /** @type {Steps | undefined} */
  #steps;
  #sending = false;
  #leaving = false;
  /** Something was typed that is not kept yet. */
  #unkept = false;

  connectedCallback() {
    if (this.#files) return;
    const form = this.#form;
    this.#files = new Files(
      {
        list: this.#part("[data-files]"),
        input: find(this, "[data-file-input]", HTMLInputElement),
        drop: this.#part(".files__drop"),
        error: this.#part("[data-error=files]"),
      },
      () => this.#keep(),
      { taken: (place) => (this.#part("[data-photo-said]").textContent = this.#place?.photographed(place) ?? "") },
    );
    this.#route = new RoutePreview(this.#part("[data-route]"), (errors) => this.#error("point", errors.point), {
      said: (service) => (this.#part("[data-answers]").textContent = service),
    });
    this.#works = new KnownWorks(this.#part("[data-works]"));
    this.#place = new PlacePicker(
      {
        map: find(this, "city-map", CityMap),
        address: find(this, "[data-address]", HTMLInputElement),
        list: this.#part("#place-list"),
        locate: this.#part("[data-locate]"),
        coordinates: find(this, "[data-coordinates]", HTMLInputElement),
        said: this.#part("[data-place-said]"),
        hint: this.#part("[data-tap-hint]"),
      },
      (spot) => this.#placed(spot),
    );
    this.#category = new CategoryChoice(this.#part("[data-categories]"));
    const text = find(form, "[name=text]", HTMLTextAreaElement);
    // The counter shows what is too long; silently truncating a pasted text would lose its end.
    text.removeAttribute("maxlength");
    form.addEventListener("input", (event) => this.#edited(event));
    form.addEventListener("change", (event) => {
      this.#edited(event);
      this.#keepNow();
    });
    // A link was followed while one typed, to the same page in another language, say.
    window.addEventListener("pagehide", () => this.#keepNow());
    form.addEventListener("submit", (event) => {
      // Another address: an appeal that is there already is supported.
      if (event.submitter?.hasAttribute("formaction")) return this.#setAside();
      event.preventDefault();
      // Enter in a field of an earlier step.
      if (this.#steps?.goesOn) void this.#steps.next();
      else void this.#send();
    });
    this.#steps = new Steps(form, { complete: (step) => this.#isComplete(step), shown: () => this.#shown() });
    this.#count();
    void this.#restore();
  }

  get #form() {
    return find(this, "form", HTMLFormElement);
  }

  /** Fields whose text the draft keeps; files and the map's pin are kept beside them. */
  get #kept() {
    return (this.dataset.kept ?? "").split(" ");
  }

  /** @param {string} selector */
  #part(selector) {
    return find(this, selector, HTMLElement);
  }

  /** @param {string} name */
  #value(name) {
    const value = new FormData(this.#form).get(name);
    return typeof value === "string" ? value : "";
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  #setValue(name, value) {
    const field = this.#form.elements.namedItem(name);
    if (field instanceof RadioNodeList) field.value = value;
    else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = value;
  }

  // Place, category, text

  /** @param {import("city/map/spot.js").Spot | undefined} spot */
  #placed(spot) {
    this.#setValue("lon", spot ? spot.lon.toFixed(7) : "");
    this.#setValue("lat", spot ? spot.lat.toFixed(7) : "");
    this.#error("point", undefined);
    this.#askRoute(spot);
    this.#keep();
  }

  /** @param {import("city/map/spot.js").Spot | undefined} spot */
  #askRoute(spot) {
    void this.#works?.ask(spot);
    void this.#route?.ask(spot, this.#value("category"), this.#value("kind"), { text: this.#value("text"), uploads: this.#files?.sentIds ?? [] });
  }

  /** @param {Event} event */
  #edited(event) {
    const field = event.target;
    if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
      // What is said of files is theirs: they may have been turned away before the event arrives here.
      if (field.name && field.type !== "file") this.#error(field.name, undefined);
      if (field.name === "category" || field.name === "kind") this.#askRoute(this.#place?.spot);
      if (field.name === "text") this.#count();
      if (field.name === "text" || field.name === "category") this.#suggest();
    }
    this.#keep();
  }

  /** Characters as the server counts them: by code point. */
  get #left() {
    return Number(this.dataset.textMax) - [...this.#value("text").trim()].length;
  }

  #count() {
    const place = this.#part("[data-text-left]");
    const left = this.#left;
    place.textContent = left < 0 ? t("text.tooLong", { count: formatNumber(-left) }) : t("text.left", { count: formatNumber(left) });
    place.toggleAttribute("data-over", left < 0);
  }

  #suggest = debounce(400, () => {
    this.#category?.suggest(this.#value("text"));
    this.#askRoute(this.#place?.spot);
  });

  // The steps

  /** True when a step can be left; else what is missing is said there. @param {string} step */
  async #isComplete(step) {
    const problems = await this.#problems({ place: step === this.#steps?.of(this.#fieldOf("point")) });
    const missing = Object.entries(problems).filter(([name]) => this.#steps?.of(this.#fieldOf(name)) === step);
    for (const [name, sentences] of missing) this.#error(name, sentences);
    const [first] = missing;
    if (first) this.#fieldOf(first[0])?.focus();
    return !first;
  }

  #shown() {
    this.#sum();
    // Photos that have arrived meanwhile tell more of what is perhaps the same.
    this.#askRoute(this.#place?.spot);
  }

  /** What the last step says of the others. */
  #sum() {
    const chosen = this.querySelector("[name=category]:checked")?.closest("label");
    const files = this.#files?.ids.length ?? 0;
    /** @type {Record<string, string | undefined>} */
    const said = {
      files: t("check.files", { count: files }),
      place: this.#value("address").trim() || (this.#value("lon") && `${Number(this.#value("lat")).toFixed(5)}, ${Number(this.#value("lon")).toFixed(5)}`),
      text: this.#value("text").trim(),
      what: chosen?.textContent?.trim(),
    };
    for (const [name, words] of Object.entries(said)) {
      const place = this.#part(`[data-check="${name}"]`);
      place.textContent = words || t("check.missing");
      place.toggleAttribute("data-missing", !words);
    }
  }

  // The draft

  /** @returns {Draft} */
  #draft() {
    return {
      id: this.#value("id"),
      secret: this.#value("secret"),
      values: Object.fromEntries(this.#kept.map((name) => [name, this.#value(name)])),
      files: this.#files?.ids ?? [],
    };
  }

  #keep() {
    this.#unkept = true;
    this.#keepSoon();
  }

  #keepSoon = debounce(400, () => this.#keepNow());

  #keepNow() {
    if (!this.#unkept || this.#sending) return;
    this.#unkept = false;
    writeDraft(this.#draft()).then(
      () => (this.#part("[data-saved]").textContent = t("draft.saved")),
      // A private window stores nothing; the form still works.
      () => undefined,
    );
  }

  async #restore() {
    // A private window stores nothing; the form still works.
    await dropForgotten().catch(() => undefined);
    const server = this.#part("[data-notes]").querySelector("#errors");
    const draft = server ? undefined : await readDraft().catch(() => undefined);
    if (draft && (await this.#isWaiting(draft.id))) {
      await dropDraft();
    } else if (draft && !draft.supported && hasContent(draft)) {
      this.#setValue("id", draft.id);
      this.#setValue("secret", draft.secret);
      // What the address bar asks for ("report this here") goes before what was left.
      for (const name of this.#kept) if (!this.#value(name) || name === "kind") this.#setValue(name, draft.values[name] || this.#value(name));
      await this.#files?.restore(draft.files);
      this.#tellRestored();
    } else if (!server) {
      // The page may come from the service worker's cache, with identifiers that were already used.
      this.#setValue("id", uuid7());
      this.#setValue("secret", newSecret());
      if (draft?.supported) this.#tellSupported(draft);
    }
    this.#category?.showChosen();
    this.#category?.open();
    this.#suggest();
    this.#count();
    this.#askRoute(this.#place?.begin(this.#value("lon"), this.#value("lat")));
    if (this.querySelector("[data-legal]:checked")) find(this, "[data-law]", HTMLDetailsElement).open = true;
    this.#sum();
    if (server) this.#steps?.reveal(this.querySelector("[aria-invalid=true]"));
  }

  /** @param {string} id */
  async #isWaiting(id) {
    return (await readParcels()).some((parcel) => parcel.id === id && parcel.state !== "refused");
  }

  /** What was begun does not come back by itself: another appeal says it already. */
  #setAside() {
    const draft = this.#draft();
    // Nothing that was typed just before is written over it.
    this.#sending = true;
    window.addEventListener("pageshow", () => (this.#sending = false), { once: true });
    if (hasContent(draft)) void writeDraft({ ...draft, supported: true }).catch(() => undefined);
  }

  /** @param {Draft} draft */
  #tellSupported(draft) {
    const takeUp = async () => {
      this.#sending = true;
      await writeDraft({ ...draft, supported: false });
      location.reload();
    };
    this.#tell(t("draft.supported"), t("draft.takeUp"), takeUp);
  }

  #tellRestored() {
    this.#tell(t("draft.restored"), t("draft.discard"), () => this.#startAnew());
  }

  /**
   * @param {string} words
   * @param {string} way words of the button
   * @param {() => Promise<void>} go
   */
  #tell(words, way, go) {
    const note = el(
      "div",
      { className: "notice notice--info", role: "status" },
      icon("info"),
      el(
        "div",
        { className: "row" },
        el("p", {}, words),
        el("button", { type: "button", className: "button button--small", onclick: () => void go() }, way),
      ),
    );
    this.#part("[data-notes]").append(note);
  }

  async #startAnew() {
    if (!confirm(t("draft.discardSure"))) return;
    this.#sending = true;
    this.#files?.clear();
    await dropDraft().catch(() => undefined);
    location.assign(location.pathname);
  }

  // Errors

  /**
   * @param {string} name
   * @param {string[] | undefined} sentences
   */
  #error(name, sentences) {
    const place = this.querySelector(`[data-error="${CSS.escape(name)}"]`);
    if (place) place.textContent = sentences?.join(" ") ?? "";
    const field = this.#fieldOf(name);
    if (sentences?.length) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  }

  /** The element to focus for an error in that field. @param {string} name */
  #fieldOf(name) {
    const own = /** @type {Record<string, string>} */ ({ point: "[data-address]", uploads: "[data-file-input]", files: "[data-file-input]", category: "[data-category-search]" });
    const found = this.querySelector(own[name] ?? `[name="${CSS.escape(name)}"]`);
    return found instanceof HTMLElement ? found : null;
  }

  /**
   * @param {{place: boolean}} options whether an address that was typed is looked for
   * @returns {Promise<Errors>}
   */
  async #problems({ place }) {
    /** @type {Errors} */
    const errors = {};
    const placeless = place && (await this.#place?.settled());
    for (const name of REQUIRED) {
      const missing = name === "point" ? !this.#place?.spot : !this.#value(name).trim();
      if (missing) errors[name] = [(name === "point" && placeless) || t(`form.required.${name}`)];
    }
    if (this.#form.querySelector("[data-legal]:checked")) {
      for (const name of IDENTITY) {
        const reached = name === "phone" && this.#value("email").trim();
        if (!this.#value(name).trim() && !reached) errors[name] = [t(`form.required.${name}`)];
      }
    }
    if (this.#left < 0) errors.text = [t("text.tooLong", { count: formatNumber(-this.#left) })];
    if (this.#files?.hasRefused) errors.files = this.#files.refusals;
    return errors;
  }

  /** @param {Errors} errors */
  #showErrors(errors) {
    const notes = this.#part("[data-notes]");
    notes.replaceChildren();
    for (const [name, sentences] of Object.entries(errors)) this.#error(name === "uploads" ? "files" : name, sentences);
    const items = Object.entries(errors).flatMap(([name, sentences]) =>
      sentences.map((sentence) => {
        const go = (/** @type {Event} */ event) => {
          event.preventDefault();
          this.#steps?.reveal(this.#fieldOf(name));
          this.#fieldOf(name)?.focus();
        };
        return el("li", {}, el("a", { href: "#errors", onclick: go }, sentence));
      }),
    );
    const summary = el(
      "div",
      { className: "notice notice--error", role: "alert", id: "errors", tabIndex: -1 },
      icon("alert"),
      el("div", {}, el("p", {}, el("strong", {}, t("form.errors", { count: items.length }))), el("ul", {}, ...items)),
    );
    notes.append(summary);
    const first = Object.keys(errors).find((name) => this.#steps?.of(this.#fieldOf(name)));
    if (first) this.#steps?.reveal(this.#fieldOf(first));
    summary.focus();
    summary.scrollIntoView({ block: "center" });
  }

  // Sending

  async #send() {
    if (this.#sending) return;
    this.#busy(true);
    try {
      const problems = await this.#problems({ place: true });
      if (Object.keys(problems).length) return this.#showErrors(problems);
      this.#part("[data-notes]").replaceChildren();
      this.#error("send", undefined);
      await this.#files?.settled();
      if (this.#files?.hasRefused) return this.#showErrors({ files: this.#files.refusals });
      if (this.#files?.hasUnkept) await this.#files.delivered();
      if (this.#files?.hasUnkept) return this.#showErrors({ files: [t("upload.noRoom")] });
      await alone(() => this.#dispatch(this.#parcel()), { wait: true });
    } finally {
      // The button stays busy until the new page has loaded, or is gone with the form.
      if (!this.#leaving) this.#busy(false);
    }
  }

  /** @param {Parcel} parcel */
  async #dispatch(parcel) {
    // Stored before it is sent: a page that dies in between loses nothing, and the same id cannot make two appeals.
    const kept = await writeParcel(parcel).then(() => true, () => false);
    const said = this.#part("[data-saved]");
    const deaf = hearOutbox((word) => {
      if ("share" in word && word.id === parcel.id && word.proving) said.textContent = t("outbox.proving", { percent: Math.floor(word.share * 100) });
    });
    try {
      const receipt = await deliver(parcel);
      if (kept) await forget(parcel);
      await this.#steps?.leave();
      // In the place of the form: Back must not show what has been sent.
      location.replace(`${receipt.follow_url}?new=1`);
      this.#leaving = true;
    } catch (error) {
      const refused = error instanceof Refused;
      if (refused && error.status === 409) {
        await forget(parcel);
        await this.#steps?.leave();
        location.replace(followUrl(parcel.body.secret));
        this.#leaving = true;
      } else if (refused) {
        await dropParcel(parcel.id).catch(() => undefined);
        if (Object.keys(error.errors).length && !error.passing) this.#showErrors(error.errors);
        else this.#error("send", [error.passing ? t("form.failed") : error.message || t("form.failed")]);
      } else if (kept) {
        await dropDraft();
        await this.#steps?.leave();
        this.#showKept(parcel.id);
      } else {
        this.#error("send", [t("form.failed")]);
      }
      said.textContent = "";
    } finally {
      deaf();
    }
  }

  /** @returns {Parcel} */
  #parcel() {
    const draft = this.#draft();
    const { lon, lat, coordinates: _coordinates, ...values } = draft.values;
    // Whatever fills it in reads no page.
    const bait = find(this, "[data-bait]", HTMLInputElement);
    return {
      id: draft.id,
      draft,
      state: "waiting",
      at: Date.now(),
      body: {
        ...values,
        ...(bait.value && { [bait.name]: bait.value }),
        text: this.#value("text"),
        id: draft.id,
        secret: draft.secret,
        lon: Number(lon),
        lat: Number(lat),
        uploads: draft.files,
        language: settings.language,
      },
    };
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.#sending = busy;
    const button = find(this, "[data-send]", HTMLButtonElement);
    button.setAttribute("aria-disabled", String(busy));
    button.textContent = t(busy ? "form.sending" : "form.send");
  }

  /** @param {string} id of what is kept */
  #showKept(id) {
    this.#leaving = true;
    const heading = el("h1", { tabIndex: -1 }, t("outbox.keptTitle"));
    const lead = el("p", { className: "lead" }, t("outbox.kept"));
    const onward = el("a", { className: "button", href: settings.urls.home }, t("outbox.toMap"));
    const kept = el("div", { className: "kept" }, large(icon("offline")), heading, lead, onward);
    this.replaceChildren(kept);
    heading.focus();
    // What the banner says of it meanwhile, the page says.
    window.addEventListener("outbox:shown", async () => {
      const parcel = (await readParcels()).find((one) => one.id === id);
      // What its author has seen or deleted is not there any more.
      if (!parcel) return;
      const { state, number, followUrl, reason } = parcel;
      heading.textContent = { waiting: t("outbox.keptTitle"), held: t("outbox.heldTitle"), refused: t("outbox.heldTitle"), sent: t("outbox.sent", { number: number ?? "" }) }[state];
      lead.textContent = { waiting: t("outbox.kept"), held: t("outbox.held"), refused: t("outbox.refused", { reason: reason ?? "" }), sent: "" }[state];
      kept.querySelector("svg")?.replaceWith(large(icon({ waiting: "offline", held: "clock", refused: "alert", sent: "check" }[state])));
      if (state === "sent") {
        onward.href = `${followUrl}?new=1`;
        onward.textContent = t("outbox.follow");
      }
    });
    window.dispatchEvent(new Event("outbox:changed"));
  }
}

/** @param {SVGElement} drawing */
function large(drawing) {
  drawing.classList.add("icon--large");
  return drawing;
}

/** @param {Draft} draft */
const hasContent = ({ values, files }) => files.length > 0 || Object.entries(values).some(([name, value]) => name !== "kind" && value.trim());

customElements.define("appeal-form", AppealForm);
