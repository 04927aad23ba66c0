/** Uploads one file. Uses XMLHttpRequest, because fetch cannot report upload progress. */

import { Refused, Unreachable, refusalFrom } from "city/site/http.js";
import { settings } from "city/site/settings.js";

/** No progress for this long means that the network is gone. */
const STALLED_MS = 45_000;

/** A server that has too many photos to open says when to come again; whoever was told so this often is told it. */
const TRIES = 8;

/** @typedef {{id: string, kind: string, state: string, thumb: string | null}} Uploaded */

/**
 * Sends the file, again by itself after the pause that a busy server asks for; the same id and content again are the same
 * upload. Throws `Refused`, `Unreachable`, or an `AbortError`.
 * @param {{id: string, blob: Blob, name: string}} file
 * @param {(share: number) => void} progress between 0 and 1
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uploaded>}
 */
export async function sendFile(file, progress, signal) {
  for (let tries = 1; ; tries++) {
    try {
      return await sendOnce(file, progress, signal);
    } catch (error) {
      const busy = error instanceof Refused && error.status === 503 && error.retryAfterS > 0;
      if (!busy || tries === TRIES) throw error;
      // Not all of them at the same moment again.
      await pause(error.retryAfterS * 1000 * (1 + Math.random() / 2), signal);
    }
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const cancelled = () => {
      clearTimeout(timer);
      reject(new DOMException("cancelled", "AbortError"));
    };
    if (signal?.aborted) cancelled();
    signal?.addEventListener("abort", cancelled, { once: true });
  });
}

/**
 * @param {{id: string, blob: Blob, name: string}} file
 * @param {(share: number) => void} progress
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uploaded>}
 */
function sendOnce({ id, blob, name }, progress, signal) {
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
      else reject(refusalFrom(call.status, call.responseText, call.getResponseHeader("Retry-After")));
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
