/** Shrinks photos for weak networks before they are sent, and leaves out where and with what they were taken. */

import { readExif } from "city/appeal/exif.js";

/** @typedef {import("city/appeal/exif.js").Taken} Taken */

const SIDE_MAX_PX = 2048;
const QUALITY = 0.85;
/** A photo small in both pixels and bytes is sent unchanged. */
const BYTES_FINE = 1_500_000;

/**
 * The photo as an upright JPEG of at most 2,048 pixels a side, and where it was taken if it says so; the file itself if it
 * is small and has no Exif, is no photo, or the browser cannot read it (the server can read more formats).
 * @param {File} file
 * @returns {Promise<{blob: Blob, taken?: Taken}>}
 */
export async function lightened(file) {
  if (!file.type.startsWith("image/") || file.type === "image/gif") return { blob: file };
  const { tagged, taken } = await readExif(file);
  return { blob: await smaller(file, tagged), taken };
}

/**
 * @param {File} file
 * @param {boolean} tagged its Exif must not be sent
 * @returns {Promise<Blob>}
 */
async function smaller(file, tagged) {
  let bitmap;
  try {
    // The browser rotates the picture according to its EXIF; what is drawn is upright and has no EXIF.
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  try {
    const scale = Math.min(1, SIDE_MAX_PX / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && file.size <= BYTES_FINE && !tagged) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const context = canvas.getContext("2d");
    if (!context) return file;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const drawn = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) =>
      canvas.toBlob(resolve, "image/jpeg", QUALITY),
    );
    return drawn && (tagged || drawn.size < file.size) ? drawn : file;
  } finally {
    bitmap.close();
  }
}
