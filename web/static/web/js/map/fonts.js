/**
 * Fonts of the map's labels. Without `glyphs` in the style, MapLibre draws letters with the reader's own fonts, so that
 * ң, ө and ү need no glyph server. It takes the weight from the first name of a stack.
 */

const FAMILIES = ["system-ui", "Noto Sans", "Roboto", "DejaVu Sans"];

/** @typedef {{regular: string[], medium: string[], bold: string[], italic: string[]}} FontStacks */

/** @type {FontStacks} */
export const LOCAL_FONTS = {
  regular: ["Regular", ...FAMILIES],
  medium: ["Semibold", ...FAMILIES],
  bold: ["Bold", ...FAMILIES],
  italic: ["Italic", ...FAMILIES],
};

/**
 * The stacks to use on top of a foreign style: ones its glyph server has.
 * @param {import("maplibre-gl").StyleSpecification} style
 * @returns {FontStacks}
 */
export function fontsOf(style) {
  if (!style.glyphs) return LOCAL_FONTS;
  for (const layer of style.layers) {
    const stack = layer.type === "symbol" ? layer.layout?.["text-font"] : undefined;
    if (Array.isArray(stack) && stack.every((name) => typeof name === "string")) {
      const names = /** @type {string[]} */ (stack);
      if (names[0] !== "literal") return { regular: names, medium: names, bold: names, italic: names };
    }
  }
  return LOCAL_FONTS;
}
