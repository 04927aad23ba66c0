/** Where a photo was taken, as the phone wrote it into the file: read on the phone, and never sent. */

/** @typedef {{lon: number, lat: number, accuracy?: number}} Taken degrees in WGS 84; metres, where the phone says so */

/** Exif lies in the first segments of a JPEG, each of which has at most 64 kB. */
const HEAD_BYTES = 262_144;

// CIPA DC-008 (Exif 2.32), 4.6.6 and 4.6.3.
const GPS_IFD = 0x8825;
const LAT_REF = 1;
const LAT = 2;
const LON_REF = 3;
const LON = 4;
const ERROR_M = 31;
/** Bytes of a value by its type: BYTE, ASCII, SHORT, LONG, RATIONAL, of which GPS has no others. */
const SIZES = /** @type {Record<number, number>} */ ({ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8 });

/**
 * Where the JPEG says that it was taken.
 * @param {Blob} file
 * @returns {Promise<{tagged: boolean, taken?: Taken}>} `tagged` when there is any Exif in it
 */
export async function readExif(file) {
  const view = new DataView(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const tiff = exifOf(view);
  if (!tiff) return { tagged: false };
  try {
    return { tagged: true, taken: placeIn(tiff) };
  } catch (error) {
    // Damaged, or cut short: what it says is not known.
    if (error instanceof RangeError) return { tagged: true };
    throw error;
  }
}

/**
 * The TIFF within the APP1 segment of a JPEG.
 * @param {DataView} view
 */
function exifOf(view) {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 10 <= view.byteLength; ) {
    const marker = view.getUint16(at);
    // What follows the start of the scan are pixels.
    if (marker >> 8 !== 0xff || marker === 0xffda) return undefined;
    const length = view.getUint16(at + 2);
    // "Exif", and two zeros.
    if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) {
      return new DataView(view.buffer, at + 10, Math.min(Math.max(0, length - 8), view.byteLength - at - 10));
    }
    at += 2 + length;
  }
  return undefined;
}

/**
 * @param {DataView} tiff
 * @returns {Taken | undefined}
 */
function placeIn(tiff) {
  const little = tiff.getUint16(0) === 0x4949;
  const [gpsAt] = valuesIn(tiff, tiff.getUint32(4, little), little).get(GPS_IFD) ?? [];
  if (!gpsAt) return undefined;
  const gps = valuesIn(tiff, gpsAt, little);
  const lat = degrees(gps.get(LAT), gps.get(LAT_REF), "S");
  const lon = degrees(gps.get(LON), gps.get(LON_REF), "W");
  // Phones without a fix write zeros.
  if (lat === undefined || lon === undefined || (!lat && !lon) || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined;
  const [accuracy] = gps.get(ERROR_M) ?? [];
  return { lon, lat, ...(accuracy && accuracy > 0 ? { accuracy } : {}) };
}

/**
 * The values of a directory by their tags; a rational as its quotient, a letter as its code.
 * @param {DataView} tiff
 * @param {number} start
 * @param {boolean} little
 */
function valuesIn(tiff, start, little) {
  /** @type {Map<number, number[]>} */
  const found = new Map();
  const many = tiff.getUint16(start, little);
  for (let index = 0; index < many; index += 1) {
    const entry = start + 2 + index * 12;
    const type = tiff.getUint16(entry + 2, little);
    const size = SIZES[type];
    const count = tiff.getUint32(entry + 4, little);
    // More than three is a text of no use here.
    if (!size || count > 3) continue;
    const at = size * count > 4 ? tiff.getUint32(entry + 8, little) : entry + 8;
    found.set(tiff.getUint16(entry, little), Array.from({ length: count }, (_, one) => valueAt(tiff, at + one * size, type, little)));
  }
  return found;
}

/**
 * @param {DataView} tiff
 * @param {number} at
 * @param {number} type
 * @param {boolean} little
 */
function valueAt(tiff, at, type, little) {
  if (type === 5) return tiff.getUint32(at, little) / tiff.getUint32(at + 4, little);
  if (type === 4) return tiff.getUint32(at, little);
  return type === 3 ? tiff.getUint16(at, little) : tiff.getUint8(at);
}

/**
 * Degrees, minutes and seconds as degrees; undefined when they are not finite numbers.
 * @param {number[]} [parts]
 * @param {number[]} [ref]
 * @param {string} [negative]
 */
function degrees(parts, ref, negative) {
  if (parts?.length !== 3) return undefined;
  const [whole, minutes, seconds] = /** @type {[number, number, number]} */ (parts);
  const value = whole + minutes / 60 + seconds / 3600;
  if (!Number.isFinite(value)) return undefined;
  return ref?.[0] === negative?.charCodeAt(0) ? -value : value;
}
