/** One request with a body, in a page or in the service worker; in a page its progress is told. */

import { suspectSilence } from "city/site/connection.js";
import { Unreachable, refusalFrom, request, textOf } from "city/site/http.js";
import { settings } from "city/site/settings.js";

/** No progress for this long means that the network is gone. */
const STALLED_MS = 45_000;
/** Where progress cannot be seen, the whole request may take so long. */
const PATIENCE_MS = 180_000;

/**
 * @typedef {object} Sent
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} [headers]
 * @property {Blob | FormData} [body]
 */

/** @typedef {{text: string, header: (name: string) => string | null}} Answer */

/**
 * The answer. Throws `Refused`, `Unreachable`, or an `AbortError`.
 * @param {Sent} sent
 * @param {(share: number) => void} progress between 0 and 1
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
export function transmit(sent, progress, signal) {
  if (signal?.aborted) return Promise.reject(cancelled());
  // A service worker has no XMLHttpRequest, and fetch cannot tell the progress.
  return typeof XMLHttpRequest === "undefined" ? byFetch(sent, signal) : byXhr(sent, progress, signal);
}

/**
 * Resolves after so long, unless it is cancelled before.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(cancelled());
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}

const cancelled = () => new DOMException("cancelled", "AbortError");

/** @param {Sent} sent */
const headersOf = ({ headers }) => ({ "Accept-Language": settings.language, Accept: "application/json", ...headers });

/**
 * @param {Sent} sent
 * @param {(share: number) => void} progress
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
function byXhr(sent, progress, signal) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    /** @type {ReturnType<typeof setTimeout>} */
    let stalled;
    const moving = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => call.abort(), STALLED_MS);
    };
    const stop = () => call.abort();
    const silent = (/** @type {string} */ how) => {
      void suspectSilence();
      reject(new Unreachable(how));
    };
    call.open(sent.method, sent.url);
    for (const [name, value] of Object.entries(headersOf(sent))) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => {
      moving();
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    call.onload = () => {
      if (call.status < 300) resolve({ text: call.responseText, header: (name) => call.getResponseHeader(name) });
      else reject(refusalFrom(call.status, call.responseText, call.getResponseHeader("Retry-After")));
    };
    call.onerror = () => silent("upload");
    call.onabort = () => (signal?.aborted ? reject(cancelled()) : silent("stalled"));
    call.onloadend = () => {
      clearTimeout(stalled);
      signal?.removeEventListener("abort", stop);
    };
    signal?.addEventListener("abort", stop);
    moving();
    call.send(sent.body ?? null);
  });
}

/**
 * @param {Sent} sent
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
async function byFetch(sent, signal) {
  const { method, url, body } = sent;
  const answer = await request(url, { method, headers: headersOf(sent), body, signal, timeoutMs: PATIENCE_MS });
  return { text: await textOf(answer), header: (name) => answer.headers.get(name) };
}
