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
 */

/**
 * An appeal being sent. `state`: waiting, sent (but not yet seen by its author), refused.
 * @typedef {object} Parcel
 * @property {string} id
 * @property {Record<string, unknown> & {uploads: string[], secret: string, text: string}} body
 * @property {Draft} draft
 * @property {"waiting" | "sent" | "refused"} state
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
 * @returns {Promise<T>}
 */
async function within(store, mode, act) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, mode);
    const call = act(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(call.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<Draft | undefined>} */
export const readDraft = () => within("drafts", "readonly", (store) => store.get(CURRENT));

/** @param {Draft} draft */
export const writeDraft = (draft) => within("drafts", "readwrite", (store) => store.put(draft, CURRENT));

export const dropDraft = () => within("drafts", "readwrite", (store) => store.delete(CURRENT));

/** @param {string} id @returns {Promise<StoredFile | undefined>} */
export const readFile = (id) => within("files", "readonly", (store) => store.get(id));

/** @param {StoredFile} file */
export const writeFile = (file) => within("files", "readwrite", (store) => store.put(file));

/** @param {string} id */
export const dropFile = (id) => within("files", "readwrite", (store) => store.delete(id));

/** @returns {Promise<Parcel[]>} */
export const readParcels = () => within("parcels", "readonly", (store) => store.getAll());

/** @param {Parcel} parcel */
export const writeParcel = (parcel) => within("parcels", "readwrite", (store) => store.put(parcel));

/** @param {string} id */
export const dropParcel = (id) => within("parcels", "readwrite", (store) => store.delete(id));
