/** Sends what is waiting. Every step can be repeated: the ids make sending idempotent. */

import { sendFile } from "city/appeal/upload.js";
import { Refused, Unreachable, postJson } from "city/site/http.js";
import { rememberMine } from "city/site/mine.js";
import { settings } from "city/site/settings.js";
import { dropDraft, dropFile, dropParcel, readDraft, readFile, readParcels, writeFile, writeParcel } from "city/outbox/store.js";

/** @typedef {import("city/outbox/store.js").Parcel} Parcel */
/** @typedef {{number: number, follow_url: string}} Receipt */

/**
 * Sends the files, then the appeal, and returns its receipt. Throws `Refused` or `Unreachable`.
 * @param {Parcel} parcel
 * @returns {Promise<Receipt>}
 */
export async function deliver(parcel) {
  await sendFiles(parcel.body.uploads, false);
  /** @type {Receipt} */
  let receipt;
  try {
    receipt = await postJson(settings.urls.submit, parcel.body);
  } catch (error) {
    if (!(error instanceof Refused) || !error.errors.uploads) throw error;
    // Files that waited too long for their appeal were deleted on the server; they are still here.
    await sendFiles(parcel.body.uploads, true);
    receipt = await postJson(settings.urls.submit, parcel.body);
  }
  const { secret, text } = parcel.body;
  rememberMine({ number: receipt.number, secret, about: text, at: new Date(parcel.at).toISOString() });
  return receipt;
}

/**
 * @param {string[]} ids
 * @param {boolean} again
 */
async function sendFiles(ids, again) {
  for (const id of ids) {
    const file = await readFile(id).catch(() => undefined);
    if (!file || (file.sent && !again)) continue;
    await sendFile(file, () => undefined);
    await writeFile({ ...file, sent: true });
  }
}

/**
 * Deletes an appeal that the server has, and everything stored for it.
 * @param {Parcel} parcel
 */
export async function forget(parcel) {
  const draft = await readDraft();
  if (draft?.id === parcel.id) await dropDraft();
  await Promise.all(parcel.body.uploads.map(dropFile));
  await dropParcel(parcel.id);
}

/**
 * Runs exclusively among all open pages, so that two of them do not send the same thing at once; in browsers without
 * locks, the ids make that harmless.
 * @param {() => Promise<void>} run
 * @param {{wait: boolean}} options
 */
export async function alone(run, { wait }) {
  if (!navigator.locks) return run();
  await navigator.locks.request("outbox", { ifAvailable: !wait }, async (lock) => {
    if (lock) await run();
  });
}

/** Tries everything that is waiting; what was sent or refused stays stored until its author has seen it. */
export const flush = () => alone(flushNow, { wait: false });

async function flushNow() {
  for (const parcel of await readParcels()) {
    if (parcel.state !== "waiting") continue;
    try {
      const receipt = await deliver(parcel);
      await forget(parcel);
      await writeParcel({ ...parcel, state: "sent", number: receipt.number, followUrl: receipt.follow_url });
    } catch (error) {
      if (error instanceof Unreachable || (error instanceof Refused && error.passing)) return;
      const reason = error instanceof Refused ? Object.values(error.errors).flat().join(" ") || error.message : "";
      await writeParcel({ ...parcel, state: "refused", reason });
    }
  }
}
