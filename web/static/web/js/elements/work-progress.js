/**
 * `<work-progress>`: how far it is with what takes long, asked again and again; the page is loaded anew when there is more to see, and so
 * leads to the result. Without JavaScript it is loaded anew all the time.
 */

export class WorkProgress extends HTMLElement {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  again;

  connectedCallback() {
    this.again = setTimeout(() => this.ask(), Number(this.dataset.again) * 1_000);
  }

  disconnectedCallback() {
    clearTimeout(this.again);
  }

  async ask() {
    try {
      const answer = await fetch(location.href, { headers: { accept: "application/json" }, redirect: "manual" });
      // Done: the browser follows to where it leads.
      if (!answer.ok) return location.reload();
      const { state, percent } = await answer.json();
      if (state !== this.dataset.state) return location.reload();
      this.querySelector("progress")?.setAttribute("value", percent);
    } catch {
      // No network for a moment: asked again.
    }
    if (this.isConnected) this.connectedCallback();
  }
}

customElements.define("work-progress", WorkProgress);
