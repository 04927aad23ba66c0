/**
 * Solves what the server asks of whoever has sent much (`rates/proofs.py`): the number that belongs to a digest. In slices, so
 * that the page goes on: a worker of its own would be another file to load, on a weak network, at the worst moment.
 */

import { pause } from "city/appeal/transmit.js";

/** @typedef {{algorithm: string, challenge: string, maxnumber: number, salt: string, signature: string}} Challenge */

const SLICE_MS = 12;
/** Of a page that nobody sees, whose timers come once a second, and of the service worker. */
const UNSEEN_MS = 400;
/** Numbers between two looks at the clock. */
const TRIED = 128;

/** The first 64 primes: 32 bits of the fractions of their cube roots (FIPS 180-4, 4.2.2), of their square roots those of eight. */
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter((n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0));
const fraction = (/** @type {number} */ root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const K = Int32Array.from(PRIMES.slice(0, 64), (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/**
 * The solution as the server reads it. Throws an `AbortError` where it is cancelled.
 * @param {Challenge} challenge
 * @param {(share: number) => void} progress of what it takes at most
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export async function solve({ algorithm, challenge, maxnumber, salt, signature }, progress, signal) {
  const first = parseInt(challenge.slice(0, 8), 16) | 0;
  for (let number = 0; number <= maxnumber; ) {
    progress(number / maxnumber);
    await pause(0, signal);
    const until = performance.now() + (typeof document === "undefined" || document.hidden ? UNSEEN_MS : SLICE_MS);
    do {
      for (const last = Math.min(number + TRIED, maxnumber + 1); number < last; number++) {
        digest(`${salt}${number}`);
        if (H[0] === first && inHex() === challenge) return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
      }
    } while (number <= maxnumber && performance.now() < until);
  }
  throw new Error("a challenge without a solution");
}

const W = new Int32Array(64);
const H = new Int32Array(8);

const inHex = () => Array.from(H, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

/**
 * SHA-256 (FIPS 180-4) of ASCII, into `H`. Not that of the browser: for so short a text asking it takes longer than doing it.
 * @param {string} text
 */
function digest(text) {
  const { length } = text;
  const blocks = ((length + 8) >> 6) + 1;
  H.set(START);
  for (let block = 0; block < blocks; block++) {
    W.fill(0, 0, 16);
    for (let at = block * 64; at < Math.min(length, block * 64 + 64); at++) set(at, text.charCodeAt(at));
    if (length >> 6 === block) set(length, 0x80);
    if (block === blocks - 1) W[15] = length * 8;
    compress();
  }
}

/** @param {number} at @param {number} byte */
function set(at, byte) {
  const word = (at & 63) >> 2;
  W[word] = (W[word] ?? 0) | (byte << (24 - (at & 3) * 8));
}

/** @param {number} word @param {number} bits */
const turned = (word, bits) => (word >>> bits) | (word << (32 - bits));

function compress() {
  for (let t = 16; t < 64; t++) {
    const [early, late] = [W[t - 15] ?? 0, W[t - 2] ?? 0];
    const s0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const s1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    W[t] = ((W[t - 16] ?? 0) + s0 + (W[t - 7] ?? 0) + s1) | 0;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = H;
  for (let t = 0; t < 64; t++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[t] ?? 0) + (W[t] ?? 0)) | 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  const sums = [a, b, c, d, e, f, g, h];
  for (let n = 0; n < 8; n++) H[n] = ((H[n] ?? 0) + (sums[n] ?? 0)) | 0;
}
