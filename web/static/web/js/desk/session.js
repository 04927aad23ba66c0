/**
 * Whether the person whose page this is, is still logged in; asked before anything is sent, and when the page is seen again.
 * All that scripts of the desk ask of the server in the person's name goes through it.
 */

import { Refused, request } from "city/site/http.js";

/** @typedef {"same" | "nobody" | "other" | "silence"} Standing */

/** The event of `document` when the standing has been asked for; its detail is the `Standing`. */
export const ASKED = "desk:asked";

export class Session {
  #url;
  #token = "";

  /**
   * @param {string} url
   * @param {string} writer whose page this is
   */
  constructor(url, writer) {
    this.#url = url;
    this.writer = writer;
  }

  /**
   * Asks the server. The forms of the page get the token of the session that there is now, so that one renewed in
   * another tab takes them.
   * @returns {Promise<Standing>}
   */
  async ask() {
    const standing = await this.#ask();
    document.dispatchEvent(new CustomEvent(ASKED, { detail: standing }));
    return standing;
  }

  /** @returns {Promise<Standing>} */
  async #ask() {
    try {
      const response = await request(this.#url, { cache: "no-store" });
      const { user, token } = await response.json();
      if (user !== this.writer) return "other";
      this.#token = token;
      for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
        if (field instanceof HTMLInputElement) field.value = token;
      }
      return "same";
    } catch (error) {
      return error instanceof Refused && error.status === 401 ? "nobody" : "silence";
    }
  }

  /**
   * The response of a GET; a session that is over is said. Throws `Refused` or `Unreachable`.
   * @param {string} url
   * @param {Record<string, string>} headers
   */
  async get(url, headers) {
    return this.#again(() => request(url, { cache: "no-store", headers }));
  }

  /**
   * Posts a form in this person's name. Throws `Refused` or `Unreachable`.
   * @param {string} url
   * @param {FormData} body
   * @param {{keepalive?: boolean}} [options] `keepalive` when the page may be gone before the answer
   * @returns {Promise<any>}
   */
  async post(url, body, { keepalive = false } = {}) {
    if (!this.#token) this.#token = tokenOfPage();
    body.set("writer", this.writer);
    const send = () => request(url, { method: "POST", body, keepalive, headers: { "X-CSRFToken": this.#token } });
    return (await (keepalive ? send() : this.#again(send))).json();
  }

  /** @param {() => Promise<Response>} send */
  async #again(send) {
    try {
      return await send();
    } catch (error) {
      // The token is that of another session, or the session is over; asking tells which, and everybody who listens.
      if (!(error instanceof Refused) || ![401, 403, 409].includes(error.status)) throw error;
      if ((await this.ask()) !== "same") throw error;
      return send();
    }
  }
}

function tokenOfPage() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field instanceof HTMLInputElement ? field.value : "";
}
