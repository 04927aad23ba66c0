/**
 * Identifiers made by the client, so that sending twice counts once. `crypto.randomUUID` is missing on plain http,
 * which a city's trial server may use; `getRandomValues` is not.
 */

/** A version 7 UUID (RFC 9562, 5.7) for the current time. */
export function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let moment = Date.now();
  for (let at = 5; at >= 0; at--) {
    bytes[at] = moment % 256;
    moment = Math.floor(moment / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** 192 random bits for the author's own link. */
export function newSecret() {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}
