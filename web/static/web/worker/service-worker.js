/**
 * Opens the site without a network: its shell, recently seen pages, the base layers of the map.
 *
 * Never cached: the desk, the admin, accounts, an author's own page, and anything that is not a GET.
 */

/// <reference lib="webworker" />

/**
 * @typedef {object} Release
 * @property {string} version
 * @property {string[]} shell
 * @property {string} static
 * @property {string} media
 * @property {Record<string, string>} offline page by language
 * @property {string[]} forms
 * @property {string[]} private beginnings of addresses of which nothing is kept
 * @property {string[]} baseLayers
 * @property {string[]} mapData
 * @property {string} feature address of one appeal's data, with an identifier of zeros
 * @property {string[]} languages
 * @property {string} defaultLanguage
 * @property {string} icon of a notice
 */

const worker = /** @type {ServiceWorkerGlobalScope & {RELEASE: Release}} */ (/** @type {unknown} */ (self));
const { RELEASE } = worker;

/** The shell of this release. */
const SHELL = `shell-${RELEASE.version}`;
/** Pages, lists and map data as last seen; kept across releases. */
const SEEN = "seen-1";
/** Photos as last seen; shown only while the network gives no answer, since they may have been hidden. */
const PICTURES = "pictures-2";

const PICTURES_MAX = 60;
const SEEN_MAX = 80;
/** After this long without a response, something cached is shown instead, if available. */
const PATIENCE_MS = 4_000;

/** @param {URL} url */
const isPrivate = ({ pathname }) => RELEASE.private.some((start) => pathname.startsWith(start));
/** @param {URL} url */
const isBaseLayer = ({ pathname }) => RELEASE.baseLayers.includes(pathname);

const [BEFORE_ID = "", AFTER_ID = ""] = RELEASE.feature.split("00000000-0000-0000-0000-000000000000");
const UUID = /^[0-9a-f-]{36}$/;

/** @param {URL} url */
function isMapData({ pathname }) {
  if (RELEASE.mapData.includes(pathname)) return true;
  if (!pathname.startsWith(BEFORE_ID) || !pathname.endsWith(AFTER_ID)) return false;
  return UUID.test(pathname.slice(BEFORE_ID.length, pathname.length - AFTER_ID.length));
}

worker.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(SHELL);
      await cache.addAll(RELEASE.shell.map((url) => new Request(url, { cache: "reload" })));
      await Promise.all(
        Object.entries(RELEASE.offline).map(async ([language, url]) => {
          const page = await fetch(url, { headers: { "Accept-Language": language }, credentials: "omit" });
          if (page.ok) await cache.put(url, page);
        }),
      );
      await Promise.all(
        RELEASE.forms.map(async (url) => {
          const page = await fetch(url, { credentials: "omit" });
          if (page.ok) await cache.put(url, page);
        }),
      );
      await worker.skipWaiting();
    })(),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const kept = new Set([SHELL, SEEN, PICTURES]);
      const names = await caches.keys();
      await Promise.all(names.filter((name) => !kept.has(name)).map((name) => caches.delete(name)));
      await worker.clients.claim();
    })(),
  );
});

/** Windows whose page is a copy, because the network gave no answer (in time). */
const UNANSWERED = new Set();

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || request.headers.has("range")) return;
  if (isPrivate(url)) {
    if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => offlinePage(url)));
    return;
  }
  if (url.pathname.startsWith(RELEASE.static)) event.respondWith(staticFile(request));
  else if (url.pathname.startsWith(RELEASE.media)) event.respondWith(picture(request));
  else if (isBaseLayer(url)) event.respondWith(baseLayer(event));
  else if (isMapData(url)) event.respondWith(freshFirst(request, () => anotherFrame(url)));
  else if (request.mode === "navigate") {
    event.respondWith(freshFirst(request, () => offlinePage(url), () => UNANSWERED.add(event.resultingClientId)));
  }
  else if (url.searchParams.get("fragment") === "list") event.respondWith(freshFirst(request, () => Response.error()));
});

// The city's notice, in its reader's language; a browser wants one to be shown for each push.
worker.addEventListener("push", (event) => {
  const { title, body, url, lang } = event.data?.json() ?? {};
  if (!title) return;
  event.waitUntil(worker.registration.showNotification(title, { body, lang, tag: url, icon: RELEASE.icon, data: { url } }));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = event.notification.data?.url;
  if (url) event.waitUntil(worker.clients.openWindow(url));
});

worker.addEventListener("message", (event) => {
  const { seen, asks } = /** @type {{seen?: string[], asks?: string}} */ (event.data ?? {});
  if (seen) event.waitUntil(Promise.allSettled(seen.map(remember)));
  if (asks === "unanswered" && event.source instanceof Client && UNANSWERED.delete(event.source.id)) {
    event.source.postMessage({ unanswered: true });
  }
});

/**
 * Caches what was fetched before this worker existed; mostly from the browser's own cache.
 * @param {string} address
 */
async function remember(address) {
  const url = new URL(address);
  url.hash = "";
  if (url.origin !== location.origin || isPrivate(url)) return;
  const isFile = url.pathname.startsWith(RELEASE.static);
  const isPage = RELEASE.languages.includes(url.pathname.split("/")[1] ?? "");
  if (!isFile && !isPage && !isBaseLayer(url) && !isMapData(url)) return;
  if (isFile) await staticFile(new Request(url));
  else await freshFirst(new Request(url), () => Response.error());
}

/**
 * A file of the release: its name or the worker's version changes with its content, so the cached copy is right.
 * @param {Request} request
 */
async function staticFile(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) void cache.put(request, response.clone());
  return response;
}

/**
 * The server decides each time whether a picture may be shown: a 304, when it may. The copy is for those without a network.
 * @param {Request} request
 */
const picture = (request) =>
  freshOrCopy(request, PICTURES, Response.error, async (cache, response) => {
    const isPicture = response.headers.get("Content-Type")?.startsWith("image/");
    const isForAll = !response.headers.get("Cache-Control")?.includes("no-store");
    if (response.status === 200 && isPicture && isForAll) {
      await cache.put(request, response);
      await trim(PICTURES, PICTURES_MAX);
    } else if (response.ok || isGone(response)) {
      await cache.delete(request, { ignoreVary: true });
    }
  });

/**
 * Hidden or deleted since it was seen: it must not reappear offline.
 * @param {Response} response
 */
const isGone = ({ status }) => status === 404 || status === 410;

/**
 * The copy at once; a newer one is fetched for next time.
 * @param {FetchEvent} event
 */
async function baseLayer(event) {
  const cache = await caches.open(SEEN);
  const kept = await cache.match(event.request, { ignoreVary: true });
  const renewed = fetch(event.request).then((response) => {
    if (response.ok) event.waitUntil(cache.put(event.request, response.clone()));
    return response;
  });
  if (!kept) return renewed;
  event.waitUntil(renewed.catch(() => undefined));
  return kept;
}

/**
 * The network's response, or else what was last seen at this URL.
 * @param {Request} request
 * @param {() => Response | Promise<Response>} otherwise
 * @param {() => void} [unanswered] called when the network gives no response, or none in time
 */
const freshFirst = (request, otherwise, unanswered) =>
  freshOrCopy(
    request,
    SEEN,
    otherwise,
    async (cache, response) => {
      // Responses marked private or no-store are not stored here either.
      const forbidden = /no-store|private/.test(response.headers.get("Cache-Control") ?? "");
      if (response.ok && !response.redirected && !forbidden) {
        await cache.put(request, response);
        await trim(SEEN, SEEN_MAX);
      } else if (isGone(response)) {
        await cache.delete(request);
      }
    },
    unanswered,
  );

/**
 * The network's response, or in its absence the copy in that cache.
 * @param {Request} request
 * @param {string} name of the cache
 * @param {() => Response | Promise<Response>} otherwise
 * @param {(cache: Cache, response: Response) => Promise<void>} keep what becomes of the copy
 * @param {() => void} [unanswered] called when the network gives no response, or none in time
 */
async function freshOrCopy(request, name, otherwise, keep, unanswered = () => undefined) {
  const cache = await caches.open(name);
  const network = fetch(request).then(async (response) => {
    await keep(cache, response.clone());
    return response;
  });
  const kept = await cache.match(request, { ignoreVary: true });
  const copy = () => {
    unanswered();
    return kept ? kept.clone() : otherwise();
  };
  if (!kept) return network.catch(copy);
  const patience = new Promise((/** @type {(response: Response) => void} */ _, reject) => setTimeout(() => reject(new Error("slow")), PATIENCE_MS));
  return Promise.race([network, patience]).catch(copy);
}

/**
 * What the map last showed with the same filters in another frame: better than an empty map.
 * @param {URL} url
 */
async function anotherFrame(url) {
  const cache = await caches.open(SEEN);
  const keys = await cache.keys();
  const same = [...keys].reverse().find((request) => withoutFrame(new URL(request.url)) === withoutFrame(url));
  return (same && (await cache.match(same, { ignoreVary: true }))) ?? Response.error();
}

/** @param {URL} url */
function withoutFrame(url) {
  const query = new URLSearchParams(url.search);
  query.delete("bbox");
  query.delete("zoom");
  query.sort();
  return `${url.pathname}?${query}`;
}

/**
 * For a page never seen: its first view without filters, or else the offline page.
 * @param {URL} url
 */
async function offlinePage(url) {
  for (const name of [SEEN, SHELL]) {
    const cache = await caches.open(name);
    const plain = await cache.match(url.pathname, { ignoreSearch: true, ignoreVary: true });
    if (plain) return plain;
  }
  const asked = url.pathname.split("/")[1] ?? "";
  const language = RELEASE.languages.includes(asked) ? asked : RELEASE.defaultLanguage;
  const page = await caches.match(RELEASE.offline[language] ?? "", { ignoreVary: true });
  return page ?? Response.error();
}

/**
 * Deletes the oldest entries beyond the limit.
 * @param {string} name
 * @param {number} limit
 */
async function trim(name, limit) {
  const cache = await caches.open(name);
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - limit)).map((key) => cache.delete(key)));
}
