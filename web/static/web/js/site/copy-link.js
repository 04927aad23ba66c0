/** `<copy-link>`: a field with a URL, and a button that copies it. Without JavaScript it is copied by hand. */

const SAID_MS = 2_000;

export class CopyLink extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input");
    const button = this.querySelector("button");
    const words = button?.querySelector("span");
    if (!field || !button || !words) return;
    field.addEventListener("focus", () => field.select());
    if (!navigator.clipboard) return;
    button.hidden = false;
    const before = words.textContent;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        // Refused by the browser: the URL stays selected for copying by hand.
        field.focus();
        return;
      }
      words.textContent = button.dataset.copied ?? before;
      setTimeout(() => (words.textContent = before), SAID_MS);
    });
  }
}

customElements.define("copy-link", CopyLink);
