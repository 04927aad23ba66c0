/**
 * What must outlive the page: the unfinished appeal, appeals waiting for a network, and their files. Uses IndexedDB,
 * the only storage that can hold photos. Every function rejects if the browser stores nothing (some private windows).
 */

const NAME = "appeals";
const VERSION = 1;
const CURRENT = "current";

/** `thumb` is the address of the picture where the file itself is not here. */
/** @typedef {{id: string, name: string, type: string, blob: Blob, sent: boolean, thumb?: string}} StoredFile */

/**
 * The unfinished form.
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} secret
 * @property {Record<string, string>} values
 * @property {string[]} files
 * @property {boolean} [supported] its author has supported another appeal instead
 */

/**
 * An appeal being sent. `state`: waiting, held back by its author, sent (but not yet seen by its author), refused.
 * @typedef {object} Parcel
 * @property {string} id
 * @property {Record<string, unknown> & {uploads: string[], secret: string, text: string}} body
 * @property {Draft} draft
 * @property {"waiting" | "held" | "sent" | "refused"} state
 * @property {number} at
 * @property {number} [number]
 * @property {string} [followUrl]
 * @property {string} [reason]
 */

/** @type {Promise<IDBDatabase> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase>} */
function database() {
  opening ??= new Promise((resolve, reject) => {
    const call = indexedDB.open(NAME, VERSION);
    call.onupgradeneeded = () => {
      call.result.createObjectStore("drafts");
      call.result.createObjectStore("parcels", { keyPath: "id" });
      call.result.createObjectStore("files", { keyPath: "id" });
    };
    call.onsuccess = () => resolve(call.result);
    call.onerror = () => reject(call.error);
  });
  return opening;
}

/**
 * @template T
 * @param {"drafts" | "parcels" | "files"} store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @param {{last?: boolean}} [options] `last`: nothing follows it, so that it is kept though the page is left meanwhile
 * @returns {Promise<T>}
 */
async function within(store, mode, act, { last = false } = {}) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, mode);
    const call = act(transaction.objectStore(store));
    if (last) transaction.commit();
    transaction.oncomplete = () => resolve(call.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<Draft | undefined>} */
export const readDraft = () => within("drafts", "readonly", (store) => store.get(CURRENT));

/** @param {Draft} draft */
export const writeDraft = (draft) => within("drafts", "readwrite", (store) => store.put(draft, CURRENT), { last: true });

export const dropDraft = () => within("drafts", "readwrite", (store) => store.delete(CURRENT));

/** Deletes the unfinished form with its files, and what was sent and has not been looked at. */
export async function dropUnfinished() {
  const [draft, parcels] = await Promise.all([readDraft(), readParcels()]);
  const sent = parcels.filter(({ state }) => state === "sent").map(({ id }) => dropParcel(id));
  await Promise.all([dropDraft(), ...((draft?.files ?? []).map(dropFile)), ...sent]);
}

/** @param {string} id @returns {Promise<StoredFile | undefined>} */
export const readFile = (id) => within("files", "readonly", (store) => store.get(id));

/** @param {StoredFile} file */
export const writeFile = (file) => within("files", "readwrite", (store) => store.put(file));

/** @param {string} id */
export const dropFile = (id) => within("files", "readwrite", (store) => store.delete(id));

/** What nobody has taken up for so long is not needed any more. */
const FORGOTTEN_MS = 30 * 24 * 3_600_000;

/** Deletes a form that was set aside a month ago, and files of that age that neither a form nor a waiting appeal names. */
export async function dropForgotten() {
  // An id begins with its milliseconds (UUIDv7).
  const isOld = (/** @type {string} */ id) => parseInt(id.replaceAll("-", "").slice(0, 12), 16) < Date.now() - FORGOTTEN_MS;
  const [draft, parcels, files] = await Promise.all([readDraft(), readParcels(), within("files", "readonly", (store) => store.getAllKeys())]);
  const isLeft = draft?.supported && isOld(draft.id);
  if (isLeft) await dropDraft();
  const named = new Set([...((!isLeft && draft?.files) || []), ...parcels.flatMap(({ body }) => body.uploads)]);
  await Promise.all(files.map(String).filter((id) => isOld(id) && !named.has(id)).map(dropFile));
}

/** @returns {Promise<Parcel[]>} */
export const readParcels = () => within("parcels", "readonly", (store) => store.getAll());

/** Keeps it, and asks the browser to keep what is kept here and to wake the service worker, which sends it. @param {Parcel} parcel */
export async function writeParcel(parcel) {
  await within("parcels", "readwrite", (store) => store.put(parcel));
  if (parcel.state !== "waiting" || typeof document === "undefined") return;
  // Nothing waits for these: not every browser knows them, some ask people first, and the pages send it too.
  void navigator.storage?.persist?.().catch(() => undefined);
  void navigator.serviceWorker?.getRegistration().then(askForSync).catch(() => undefined);
}

/**
 * Moves a parcel to another state, if it is still in the one that it was seen in.
 * @param {string} id
 * @param {Parcel["state"]} from
 * @param {Parcel["state"]} to
 */
export async function moveParcel(id, from, to) {
  await within("parcels", "readwrite", (store) => {
    const call = store.get(id);
    call.onsuccess = () => {
      if (call.result?.state === from) store.put({ ...call.result, state: to });
    };
    return call;
  });
}

/** @param {(ServiceWorkerRegistration & {sync?: {register: (tag: string) => Promise<void>}}) | undefined} registration */
const askForSync = (registration) => registration?.sync?.register("outbox");

/** @param {string} id */
export const dropParcel = (id) => within("parcels", "readwrite", (store) => store.delete(id));
