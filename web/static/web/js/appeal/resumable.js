/** Uploads a large file in parts, by tus 1.0.0 (https://tus.io/protocols/resumable-upload), from where it stopped. */

import { pause, transmit } from "city/appeal/transmit.js";
import { Refused, Unreachable } from "city/site/http.js";
import { settings } from "city/site/settings.js";

/** Parts grow while they take less than this, and shrink when they take more: a part is what a broken connection loses. */
const SHORT_MS = 2_000;
const LONG_MS = 10_000;
/** So often in a row a part may fail before whoever asked is told. */
const FAILURES = 3;
/** The parts are elsewhere than we thought, gone, or in another's hands: asking anew tells. */
const ASK_ANEW = [404, 409, 423, 460];

/** @typedef {import("city/appeal/upload.js").Upload} Upload */

/**
 * Sends what the server has not got yet, and returns the address of the preview, "" where there is none. Throws `Refused`, `Unreachable`, or an `AbortError`.
 * @param {Upload} file
 * @param {(share: number) => void} progress between 0 and 1
 * @param {AbortSignal} [signal]
 */
export async function sendInParts({ id, blob }, progress, signal) {
  const { least, most } = settings.limits.parts;
  let size = least;
  let failures = 0;
  let preview = "";
  let offset = await announce(id, blob, signal);
  while (offset < blob.size) {
    const begun = performance.now();
    const start = offset;
    const part = blob.slice(start, start + size);
    progress(start / blob.size);
    try {
      [offset, preview] = await send(id, part, start, (share) => progress((start + share * part.size) / blob.size), signal);
      failures = 0;
      const took = performance.now() - begun;
      if (took < SHORT_MS) size = Math.min(2 * size, most);
      else if (took > LONG_MS) size = Math.max(size / 2, least);
    } catch (error) {
      const anew = error instanceof Refused && ASK_ANEW.includes(error.status);
      if (!(anew || error instanceof Unreachable) || ++failures > FAILURES) throw error;
      size = least;
      await pause(1000 * failures, signal);
      offset = await announce(id, blob, signal);
    }
  }
  progress(1);
  return preview;
}

/**
 * How much of the file the server has; the same announcement again is the same upload.
 * @param {string} id
 * @param {Blob} blob
 * @param {AbortSignal} [signal]
 */
async function announce(id, blob, signal) {
  const headers = { ...TUS, "Upload-Length": String(blob.size), "Upload-Metadata": `id ${btoa(id)}` };
  const answer = await transmit({ method: "POST", url: settings.urls.resumable, headers }, () => undefined, signal);
  return Number(answer.header("Upload-Offset"));
}

/**
 * @param {string} id
 * @param {Blob} part
 * @param {number} offset
 * @param {(share: number) => void} progress
 * @param {AbortSignal} [signal]
 */
async function send(id, part, offset, progress, signal) {
  const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
  const sent = { method: "PATCH", url: `${settings.urls.resumable}${id}/`, headers, body: part };
  const answer = await transmit(sent, progress, signal);
  const [, preview = ""] = /^<(.*)>; rel="preview"$/.exec(answer.header("Link") ?? "") ?? [];
  return /** @type {[number, string]} */ ([Number(answer.header("Upload-Offset")), preview]);
}

const TUS = { "Tus-Resumable": "1.0.0" };
