/** Requests with a time limit, the reader's language and problem+json errors. */

import { suspectSilence } from "city/site/connection.js";
import { settings } from "city/site/settings.js";

const TIMEOUT_MS = 20_000;

/** The server refused the request, or failed; `errors` maps fields to sentences. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, string[]>} errors
   * @param {number} retryAfterS seconds after which the server asks to be asked again; 0 where it does not
   * @param {import("city/outbox/proof.js").Challenge} [challenge] what may be solved instead of waiting
   */
  constructor(status, message, errors = {}, retryAfterS = 0, challenge = undefined) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.errors = errors;
    this.retryAfterS = retryAfterS;
    this.challenge = challenge;
  }

  /** True when the same request may succeed later. */
  get passing() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** No response: no network, or the server is too slow. */
export class Unreachable extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("no answer", { cause });
    this.name = "Unreachable";
  }
}

/**
 * Parses problem+json leniently: a proxy's HTML page must not hide that the request failed.
 * @param {number} status
 * @param {string} body
 * @param {string | null} [retryAfter] the header
 */
export function refusalFrom(status, body, retryAfter) {
  const seconds = Number(retryAfter ?? "") || 0;
  try {
    const problem = JSON.parse(body);
    return new Refused(status, String(problem.detail ?? problem.title ?? ""), problem.errors ?? {}, seconds, problem.challenge);
  } catch {
    return new Refused(status, "", {}, seconds);
  }
}

/**
 * The response of a successful request, or 304 where it named what it has. Throws `Refused`, `Unreachable`, or the
 * `AbortError` of the caller's signal.
 * @param {string} url
 * @param {RequestInit & {timeoutMs?: number}} [options]
 */
export async function request(url, { timeoutMs = TIMEOUT_MS, signal, headers, ...rest } = {}) {
  // Many phones are too old for AbortSignal.any.
  const either = new AbortController();
  const limit = setTimeout(() => either.abort(), timeoutMs);
  signal?.addEventListener("abort", () => either.abort(), { once: true });
  if (signal?.aborted) either.abort();
  let response;
  try {
    response = await fetch(url, {
      ...rest,
      headers: { "Accept-Language": settings.language, ...headers },
      signal: either.signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    void suspectSilence();
    throw new Unreachable(error);
  } finally {
    clearTimeout(limit);
  }
  if (!response.ok && response.status !== 304) throw refusalFrom(response.status, await textOf(response), response.headers.get("Retry-After"));
  return response;
}

/**
 * The body of an answer. Throws `Unreachable` where the connection breaks in the middle of it, or the `AbortError` of the caller's
 * signal.
 * @param {Response} response
 */
export async function textOf(response) {
  try {
    return await response.text();
  } catch (error) {
    if (isAbort(error)) throw error;
    void suspectSilence();
    throw new Unreachable(error);
  }
}

/**
 * The decoded JSON of a GET.
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function getJson(url, signal) {
  const response = await request(url, { signal, headers: { Accept: "application/geo+json, application/json" } });
  return JSON.parse(await textOf(response));
}

/**
 * POSTs JSON and returns the decoded JSON response.
 * @param {string} url
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function postJson(url, body, signal) {
  const response = await request(url, {
    method: "POST",
    signal,
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    timeoutMs: 45_000,
  });
  return JSON.parse(await textOf(response));
}

/** Only the newest request counts: starting one aborts the previous one. */
export class Latest {
  /** @type {AbortController | undefined} */
  #controller;

  /** The signal for a new request, after aborting the previous one. */
  begin() {
    this.#controller?.abort();
    this.#controller = new AbortController();
    return this.#controller.signal;
  }

  stop() {
    this.#controller?.abort();
  }
}

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";
