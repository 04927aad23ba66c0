/** Which photos and videos the server would refuse, said before anything is sent; the server has the last word. */

import { settings } from "city/site/settings.js";
import { formatNumber, t } from "city/site/texts.js";

const MEGABYTE = 1_048_576;
/** A file that says nothing of its length within this time is left to the server. */
const PATIENCE_MS = 10_000;

/** @param {{type: string}} file */
export const isFilm = ({ type }) => type.startsWith("video/");

/** How many there may be of the file's kind. @param {{type: string}} file */
export const mostOf = (file) => (isFilm(file) ? settings.limits.videos : settings.limits.photos);

/** What is wrong with a file; empty if nothing is. @param {File} file */
export async function problemWith(file) {
  const { limits } = settings;
  const isVideo = isFilm(file);
  // Phones give no type for some photos (HEIC): the server checks those.
  if (file.type && !isVideo && !file.type.startsWith("image/")) return t("upload.notMedia", { name: file.name });
  const most = isVideo ? limits.videoBytes : limits.photoBytes;
  if (file.size > most) return t("upload.tooLarge", { name: file.name, limit: formatNumber(most / MEGABYTE) });
  // Rounded down: what lasts a moment longer is the server's to judge.
  if (isVideo && Math.floor(await duration(file)) > limits.videoSeconds) {
    return t("upload.tooLong", { name: file.name, limit: formatNumber(limits.videoSeconds) });
  }
  return "";
}

/**
 * The video's length in seconds; 0 if this browser cannot tell.
 * @param {File} file
 * @returns {Promise<number>}
 */
async function duration(file) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  try {
    return await new Promise((resolve) => {
      video.preload = "metadata";
      video.onloadedmetadata = () => resolve(Number.isFinite(video.duration) ? video.duration : 0);
      video.onerror = () => resolve(0);
      setTimeout(() => resolve(0), PATIENCE_MS);
      video.src = address;
    });
  } finally {
    video.removeAttribute("src");
    URL.revokeObjectURL(address);
  }
}
