/** Uploads one file: a small one at once, a large one in parts, so that a broken connection costs a part at most. */

import { sendInParts } from "city/appeal/resumable.js";
import { pause, transmit } from "city/appeal/transmit.js";
import { Refused } from "city/site/http.js";
import { settings } from "city/site/settings.js";

/** A server that has too many photos to open says when to come again; whoever was told so this often is told it. */
const TRIES = 8;

/** @typedef {{id: string, blob: Blob, name: string}} Upload */

/**
 * Sends the file and returns the address of its preview, "" where there is none. Sends it again by itself after the pause
 * that a busy server asks for; the same id and content again are the same upload. Throws `Refused`, `Unreachable`, or an `AbortError`.
 * @param {Upload} file
 * @param {(share: number) => void} progress between 0 and 1
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export async function sendFile(file, progress, signal) {
  for (let tries = 1; ; tries++) {
    try {
      if (file.blob.size > settings.limits.resumableBytes) return await sendInParts(file, progress, signal);
      return await sendAtOnce(file, progress, signal);
    } catch (error) {
      const busy = error instanceof Refused && error.status === 503 && error.retryAfterS > 0;
      if (!busy || tries === TRIES) throw error;
      // Not all of them at the same moment again.
      await pause(error.retryAfterS * 1000 * (1 + Math.random() / 2), signal);
    }
  }
}

/**
 * @param {Upload} file
 * @param {(share: number) => void} progress
 * @param {AbortSignal} [signal]
 */
async function sendAtOnce({ id, blob, name }, progress, signal) {
  const body = new FormData();
  body.append("id", id);
  body.append("file", blob, name);
  const answer = await transmit({ method: "POST", url: settings.urls.uploads, body }, progress, signal);
  return String(JSON.parse(answer.text).thumb ?? "");
}
