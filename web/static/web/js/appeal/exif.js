/** Where a photo was taken, as the phone wrote it into the file: read on the phone, and never sent. */

/** @typedef {{lon: number, lat: number, accuracy?: number}} Taken degrees in WGS 84; metres, where the phone says so */

/** Exif lies in the first segments of a JPEG, each of which has at most 64 kB; the list of what is where in the first kilobytes of a HEIC. */
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
 * Where the JPEG or HEIC says that it was taken.
 * @param {Blob} file
 * @returns {Promise<{tagged: boolean, taken?: Taken}>} `tagged` when there is any Exif in it
 */
export async function readExif(file) {
  const view = new DataView(await file.slice(0, HEAD_BYTES).arrayBuffer());
  let tiff;
  try {
    tiff = exifOf(view) ?? (await exifOfItems(file, view));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
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
 * The boxes between two places of a file (ISO/IEC 14496-12, 4.2): kind, and where what is in it begins and ends.
 * @param {DataView} view
 * @param {number} from
 * @param {number} to
 */
function* boxes(view, from, to) {
  for (let at = from; at + 8 <= to; ) {
    const size = view.getUint32(at);
    yield { kind: String.fromCharCode(...new Uint8Array(view.buffer, at + 4, 4)), begin: at + 8, end: Math.min(at + size, to) };
    // To the end of the file, or longer than four bytes can say: pixels.
    if (size < 8) return;
    at += size;
  }
}

/**
 * The TIFF of the item of a HEIC that is Exif (ISO/IEC 23008-12, A.2.1).
 * @param {Blob} file
 * @param {DataView} view its beginning
 */
async function exifOfItems(file, view) {
  const [first] = boxes(view, 0, view.byteLength);
  if (first?.kind !== "ftyp") return undefined;
  const meta = [...boxes(view, first.end, view.byteLength)].find(({ kind }) => kind === "meta");
  if (!meta) return undefined;
  // Most boxes within have a version and flags.
  const within = new Map([...boxes(view, meta.begin + 4, meta.end)].map((box) => [box.kind, box]));
  const [infos, places] = [within.get("iinf"), within.get("iloc")];
  const id = infos && exifItem(view, infos.begin, infos.end);
  const place = id !== undefined && places && placeOfItem(view, places.begin, id);
  if (!place) return undefined;
  const item = new DataView(await file.slice(place.at, place.at + Math.min(place.length, HEAD_BYTES)).arrayBuffer());
  // How many bytes are before it, mostly "Exif" and two zeros.
  return new DataView(item.buffer, 4 + item.getUint32(0));
}

/**
 * Number of the item that is Exif (14496-12, 8.11.6).
 * @param {DataView} view
 * @param {number} begin
 * @param {number} end
 */
function exifItem(view, begin, end) {
  const counted = view.getUint8(begin) ? 4 : 2;
  for (const info of boxes(view, begin + 4 + counted, end)) {
    const wide = view.getUint8(info.begin) > 2 ? 2 : 0;
    // Behind the number, two bytes of protection.
    if (view.getUint32(info.begin + 8 + wide) === 0x45786966) return wide ? view.getUint32(info.begin + 4) : view.getUint16(info.begin + 4);
  }
  return undefined;
}

/**
 * Where an item lies in the file, in bytes (14496-12, 8.11.3); undefined where it is elsewhere.
 * @param {DataView} view
 * @param {number} begin
 * @param {number} wanted
 */
function placeOfItem(view, begin, wanted) {
  const version = view.getUint8(begin);
  let at = begin + 6;
  const number = (/** @type {number} */ bytes) => {
    let read = 0;
    for (const end = at + bytes; at < end; at += 1) read = read * 256 + view.getUint8(at);
    return read;
  };
  const [offsets, lengths] = [view.getUint8(begin + 4) >> 4, view.getUint8(begin + 4) & 15];
  const [bases, indices] = [view.getUint8(begin + 5) >> 4, version ? view.getUint8(begin + 5) & 15 : 0];
  const wide = version === 2 ? 4 : 2;
  for (let left = number(wide); left; left -= 1) {
    const id = number(wide);
    const inFile = !version || (number(2) & 15) === 0;
    const ofThis = number(2) === 0;
    const base = number(bases);
    const extents = Array.from({ length: number(2) }, () => {
      number(indices);
      return { at: base + number(offsets), length: number(lengths) };
    });
    if (id === wanted) return inFile && ofThis ? extents[0] : undefined;
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
