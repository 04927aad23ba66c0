/** Brings to the server what was written at the desk and is only on this machine. */

import { sendFile } from "city/appeal/upload.js";
import { dropWritten, ifNowhereOpen, placesOf, readWritten } from "city/appeal/written.js";
import { readFile, writeFile } from "city/outbox/store.js";
import { Refused, Unreachable } from "city/site/http.js";

/** @typedef {import("city/desk/session.js").Session} Session */
/** @typedef {import("city/appeal/written.js").Place} Place */
/** @typedef {import("city/appeal/written.js").Written} Written */

/** As much of a text as the server keeps of it; a larger form it would not read at all. */
const DRAFT_MAX = 100_000;

/**
 * What the server keeps of it.
 * @param {string} verb
 * @param {{text: string, takes: string[]}} written
 * @param {string[]} uploads files that the server has
 */
export function draftForm(verb, { text, takes }, uploads) {
  const form = new FormData();
  form.set("verb", verb);
  // One more, so that the server knows it for cut.
  form.set("text", text.slice(0, DRAFT_MAX + 1));
  for (const code of takes) form.append("takes", code);
  for (const id of uploads) form.append("uploads", id);
  return form;
}

/** What the server keeps of a form that is of no appeal. @param {Record<string, string>} values */
export function valuesForm(values) {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.set(name, value.slice(0, DRAFT_MAX));
  return form;
}

/**
 * Takes what no open page holds: left by a tab that was closed without a network or a session, or by a form that its
 * appeal does not have any more. It is among the person's drafts then.
 * @param {Session} session
 */
export async function deliverLeft(session) {
  let delivered = 0;
  for (const place of placesOf(session.writer)) {
    await ifNowhereOpen(place, async () => {
      const written = readWritten(place);
      if (!written) return;
      if (!written.known) {
        if (!(await deliver(session, place, written))) return;
        if (written.whole || written.text.trim() || written.files.length) delivered++;
      }
      await dropWritten(place);
    });
  }
  return delivered;
}

/**
 * @param {Session} session
 * @param {Place} place
 * @param {Written} written
 */
async function deliver(session, place, written) {
  try {
    for (const id of written.files) {
      const file = await readFile(id).catch(() => undefined);
      if (!file || file.sent) continue;
      await sendFile(file, () => undefined);
      await writeFile({ ...file, sent: true });
    }
    const form = written.whole ? valuesForm(written.values) : draftForm(place.verb, written, written.files);
    await session.post(written.url, form);
    return true;
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) return false;
    throw error;
  }
}
