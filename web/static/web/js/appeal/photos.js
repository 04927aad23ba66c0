/** Photos made small enough for a weak network before they are sent. */

const SIDE_MAX_PX = 2048;
const QUALITY = 0.85;
/** A photo that is small in both senses goes as it is. */
const BYTES_FINE = 1_500_000;

/**
 * The photo as JPEG of at most 2,048 pixels a side, upright; the file itself when it is small, is no photo, or the
 * browser cannot read it (the server can read more kinds).
 * @param {File} file
 * @returns {Promise<Blob>}
 */
export async function lightened(file) {
  if (!file.type.startsWith("image/") || file.type === "image/gif") return file;
  let bitmap;
  try {
    // The browser turns the picture as its EXIF says; what is drawn is upright and carries no EXIF.
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  try {
    const scale = Math.min(1, SIDE_MAX_PX / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && file.size <= BYTES_FINE) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const context = canvas.getContext("2d");
    if (!context) return file;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const smaller = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) =>
      canvas.toBlob(resolve, "image/jpeg", QUALITY),
    );
    return smaller && smaller.size < file.size ? smaller : file;
  } finally {
    bitmap.close();
  }
}
