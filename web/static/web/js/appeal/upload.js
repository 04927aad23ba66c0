/** Uploads one file. Uses XMLHttpRequest, because fetch cannot report upload progress. */

import { Unreachable, refusalFrom } from "city/site/http.js";
import { settings } from "city/site/settings.js";

/** No progress for this long means that the network is gone. */
const STALLED_MS = 45_000;

/** @typedef {{id: string, kind: string, state: string, thumb: string | null}} Uploaded */

/**
 * Sends the file; the same id and content again are the same upload. Throws `Refused`, `Unreachable`, or an
 * `AbortError`.
 * @param {{id: string, blob: Blob, name: string}} file
 * @param {(share: number) => void} progress between 0 and 1
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uploaded>}
 */
export function sendFile({ id, blob, name }, progress, signal) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    /** @type {ReturnType<typeof setTimeout>} */
    let stalled;
    const moving = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => call.abort(), STALLED_MS);
    };
    call.open("POST", settings.urls.uploads);
    call.setRequestHeader("Accept-Language", settings.language);
    call.setRequestHeader("Accept", "application/json");
    call.upload.onprogress = (event) => {
      moving();
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    call.onload = () => {
      if (call.status < 300) resolve(JSON.parse(call.responseText));
      else reject(refusalFrom(call.status, call.responseText));
    };
    call.onerror = () => reject(new Unreachable("upload"));
    call.onabort = () =>
      reject(signal?.aborted ? new DOMException("cancelled", "AbortError") : new Unreachable("stalled"));
    call.onloadend = () => clearTimeout(stalled);
    signal?.addEventListener("abort", () => call.abort(), { once: true });
    const body = new FormData();
    body.append("id", id);
    body.append("file", blob, name);
    moving();
    call.send(body);
  });
}
