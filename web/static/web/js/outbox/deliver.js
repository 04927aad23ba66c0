/** Sends what is waiting. Every step can be repeated: the ids make sending idempotent. */

import { sendFile } from "city/appeal/upload.js";
import { Refused, Unreachable, isAbort, postJson } from "city/site/http.js";
import { rememberMine } from "city/site/mine.js";
import { settings } from "city/site/settings.js";
import { dropDraft, dropFile, dropParcel, moveParcel, readDraft, readFile, readParcels, writeFile, writeParcel } from "city/outbox/store.js";
import { solve } from "city/outbox/proof.js";
import { hearOutbox, tellOutbox } from "city/outbox/wire.js";

/** @typedef {import("city/outbox/store.js").Parcel} Parcel */
/** @typedef {{number: number, follow_url: string}} Receipt */

/** A second one where the address has changed meanwhile. */
const PROOFS_MAX = 2;

/**
 * Sends the files, then the appeal, and returns its receipt. Throws `Refused`, `Unreachable`, or an `AbortError`.
 * @param {Parcel} parcel
 * @param {AbortSignal} [signal]
 * @returns {Promise<Receipt>}
 */
export async function deliver(parcel, signal) {
  await sendFiles(parcel, false, signal);
  /** @type {Receipt} */
  let receipt;
  try {
    receipt = await submit(parcel, signal);
  } catch (error) {
    if (!(error instanceof Refused) || !error.errors.uploads) throw error;
    // Files that waited too long for their appeal were deleted on the server; they are still here.
    await sendFiles(parcel, true, signal);
    receipt = await submit(parcel, signal);
  }
  rememberParcel(parcel, receipt.number);
  return receipt;
}

/**
 * The receipt; what the server asks of whoever has sent much is solved on the way, by the device, without a question.
 * @param {Parcel} parcel
 * @param {AbortSignal} [signal]
 * @returns {Promise<Receipt>}
 */
async function submit({ id, body }, signal) {
  for (let proof = "", left = PROOFS_MAX; ; left--) {
    try {
      return await postJson(settings.urls.submit, { ...body, proof });
    } catch (error) {
      if (!(error instanceof Refused) || !error.challenge || !left) throw error;
      proof = await solve(error.challenge, (share) => tellOutbox({ id, share, proving: true }), signal);
    }
  }
}

/**
 * The author's own page is among those that this device remembers; the service worker cannot do that.
 * @param {Parcel} parcel
 * @param {number} number
 */
export function rememberParcel({ body: { secret, text }, at }, number) {
  rememberMine({ number, secret, about: text, at: new Date(at).toISOString() });
}

/**
 * @param {Parcel} parcel
 * @param {boolean} again
 * @param {AbortSignal} [signal]
 */
async function sendFiles({ id, body }, again, signal) {
  const kept = await Promise.all(body.uploads.map((upload) => readFile(upload).catch(() => undefined)));
  const files = kept.flatMap((file) => (file && (again || !file.sent) ? [file] : []));
  const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
  let before = 0;
  for (const file of files) {
    await sendFile(file, (share) => tellOutbox({ id, share: (before + share * file.blob.size) / total }), signal);
    before += file.blob.size;
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

/** The same, by whoever is alone. */
export async function flushNow() {
  for (const { id } of await readParcels()) {
    // As it is now: its author may have held it back while another was sent.
    const parcel = (await readParcels()).find((one) => one.id === id);
    if (parcel?.state !== "waiting") continue;
    const stop = new AbortController();
    const deaf = hearOutbox((word) => {
      if ("stop" in word && word.stop === id) stop.abort();
    });
    try {
      tellOutbox({ id, share: 0 });
      const receipt = await deliver(parcel, stop.signal);
      await forget(parcel);
      await writeParcel({ ...parcel, state: "sent", number: receipt.number, followUrl: receipt.follow_url });
    } catch (error) {
      if (error instanceof Unreachable || (error instanceof Refused && error.passing)) return;
      if (isAbort(error)) {
        await moveParcel(id, "waiting", "held");
      } else {
        const reason = error instanceof Refused ? Object.values(error.errors).flat().join(" ") || error.message : "";
        await writeParcel({ ...parcel, state: "refused", reason });
      }
    } finally {
      deaf();
      tellOutbox({ changed: true });
    }
  }
}
