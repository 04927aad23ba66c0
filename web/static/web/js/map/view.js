/** A MapLibre map of the city: base style with fallback, light and dark mode, the city's own data. */

import { debounce } from "city/site/dom.js";
import { getJson, isAbort, request } from "city/site/http.js";
import { settings } from "city/site/settings.js";
import { t } from "city/site/texts.js";
import { LOCAL_FONTS, fontsOf } from "city/map/fonts.js";
import { labelPoints } from "city/map/labels.js";
import { loadMapLibre } from "city/map/load.js";
import { currentPalette, onThemeChange } from "city/map/palette.js";
import { districtLayers, emptySource, ownStyle } from "city/map/style.js";
import { drawOnDemand, redraw } from "city/map/symbols.js";

/** @typedef {import("maplibre-gl").Map} MapLibreMap */
/** @typedef {import("maplibre-gl").StyleSpecification} Style */
/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("geojson").FeatureCollection} FeatureCollection */
/** @typedef {import("city/map/palette.js").Palette} Palette */
/** @typedef {import("city/map/fonts.js").FontStacks} FontStacks */

/** How long a foreign base map may keep the reader waiting before the city's own replaces it. */
const BASE_STYLE_TIMEOUT_MS = 4_000;

/**
 * What a mode adds to the base map.
 * @typedef {object} Overlay
 * @property {string[]} sources
 * @property {string[]} hidden layers that are initially off
 * @property {(colours: Palette) => Layer[]} ground layers below the names on the map
 * @property {(colours: Palette, fonts: FontStacks) => Layer[]} layers above everything, bottom to top
 */

/**
 * @typedef {object} ViewOptions
 * @property {HTMLElement} container
 * @property {Overlay} overlay
 * @property {[number, number]} center lon, lat
 * @property {number} zoom
 * @property {string} title what screen readers call the map
 * @property {boolean} [hash] keep the position in the URL
 * @property {boolean} [cooperative] leave one-finger and wheel scrolling to the page
 * @property {boolean} [districts] initially show borders and names of the territories
 * @property {(error: unknown) => void} groundMissing the base layer or the districts could not be read
 */

export class MapView {
  /** @type {MapLibreMap} */
  map;
  /** @type {import("city/map/load.js").MapLibre} */
  maplibre;
  colours = currentPalette();
  fonts = LOCAL_FONTS;

  /** Kept here so that changing the style loses nothing. @type {Map<string, FeatureCollection>} */
  #data = new Map();
  /** @type {Set<string>} */
  #hidden;
  /** @type {Style | undefined} */
  #foreign;
  /** True once a style was accepted. */
  #styled = false;
  #options;
  #stop = new AbortController();
  #ground;

  /**
   * A map with these options, ready for a mode; its style may still be loading. Throws `NoWebGL` or network errors.
   * @param {ViewOptions} options
   */
  static async open(options) {
    const [maplibre, foreign] = await Promise.all([loadMapLibre(), foreignStyle()]);
    return new MapView(maplibre, foreign, options);
  }

  /**
   * @param {import("city/map/load.js").MapLibre} maplibre
   * @param {Style | undefined} foreign
   * @param {ViewOptions} options
   */
  constructor(maplibre, foreign, options) {
    this.maplibre = maplibre;
    this.#options = options;
    this.#foreign = foreign;
    this.#hidden = new Set([...options.overlay.hidden, ...(options.districts ? [] : DISTRICT_LAYERS)]);
    const [west, south, east, north] = settings.map.bounds;
    const margin = 0.35;
    this.map = new maplibre.Map({
      container: options.container,
      style: this.#style(),
      center: options.center,
      zoom: options.zoom,
      minZoom: 8.5,
      maxZoom: 19,
      maxBounds: [west - margin, south - margin, east + margin, north + margin],
      hash: options.hash ? "map" : false,
      cooperativeGestures: options.cooperative ?? false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: { compact: false, customAttribution: settings.map.attribution },
      fadeDuration: 120,
      locale: controlTexts(options.title),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    drawOnDemand(this.map, () => this.colours);
    onThemeChange(debounce(50, () => this.#repaint()), this.#stop.signal);
    void this.map.once("style.load", () => (this.#styled = true));
    this.map.on("error", (event) => this.#failed(event));
    this.#ground = this.loadGround();
  }

  /** Resolves when the ground and what has been put so far are on the screen. */
  async drawn() {
    await this.#ground;
    this.map.triggerRepaint();
    await this.map.once("idle");
  }

  /** Loads the city's own layers; safe to call again after a failure. */
  async loadGround() {
    try {
      const [base, city, districts] = await Promise.all([
        getJson(settings.urls.base, this.#stop.signal),
        getJson(settings.urls.city, this.#stop.signal),
        getJson(settings.urls.districts, this.#stop.signal),
      ]);
      this.put("base", base);
      this.put("area-labels", labelPoints(base, ({ layer }) => layer === "park" || layer === "hill"));
      this.put("districts", { ...districts, features: [...city.features, ...districts.features] });
      this.put("district-labels", labelPoints(districts, () => true));
    } catch (error) {
      if (!isAbort(error)) this.#options.groundMissing(error);
    }
  }

  /**
   * Sets the source's data, now and after every change of style.
   * @param {string} source
   * @param {FeatureCollection} data
   */
  put(source, data) {
    this.#data.set(source, data);
    this.#apply(() => {
      const shown = /** @type {import("maplibre-gl").GeoJSONSource | undefined} */ (this.map.getSource(source));
      shown?.setData(this.#data.get(source) ?? data);
      return shown;
    });
  }

  /**
   * Shows or hides the layers, now and after every change of style.
   * @param {string[]} layers
   * @param {boolean} visible
   */
  show(layers, visible) {
    for (const id of layers) {
      if (visible) this.#hidden.delete(id);
      else this.#hidden.add(id);
      this.#apply(() => {
        const layer = this.map.getLayer(id);
        if (layer) this.map.setLayoutProperty(id, "visibility", this.#hidden.has(id) ? "none" : "visible");
        return layer;
      });
    }
  }

  /**
   * Applies a change, again when the next style has loaded if there was nothing yet to apply it to: a style that is
   * loading has neither sources nor layers.
   * @param {() => object | undefined} change gives what it was applied to
   */
  #apply(change) {
    // There is no style while the device has taken away what maps are drawn with.
    if (!this.map.style || !change()) void this.map.once("style.load", change);
  }

  /** Shows the whole city, at once. */
  showCity() {
    this.map.stop();
    this.map.fitBounds(settings.map.bounds, { animate: false });
  }

  /** @param {boolean} visible */
  showDistricts(visible) {
    this.show(DISTRICT_LAYERS, visible);
  }

  close() {
    this.#stop.abort();
    this.map.remove();
  }

  /** @returns {Style} */
  #style() {
    const { language } = settings;
    this.fonts = this.#foreign ? fontsOf(this.#foreign) : LOCAL_FONTS;
    const base = this.#foreign ?? ownStyle(this.colours, this.fonts, language);
    const { sources, ground, layers } = this.#options.overlay;
    const firstName = base.layers.findIndex((layer) => layer.type === "symbol");
    const names = firstName < 0 ? base.layers.length : firstName;
    const own = ["districts", "district-labels", ...sources].map((name) => [name, emptySource()]);
    /** @type {Style} */
    const style = {
      ...base,
      sources: { ...base.sources, ...Object.fromEntries(own) },
      layers: [
        ...base.layers.slice(0, names),
        ...ground(this.colours),
        ...base.layers.slice(names),
        ...districtLayers(this.colours, this.fonts, language),
        ...layers(this.colours, this.fonts),
      ],
    };
    for (const [name, data] of this.#data) {
      const source = style.sources[name];
      if (source?.type === "geojson") source.data = data;
    }
    style.layers = style.layers.map((layer) =>
      this.#hidden.has(layer.id)
        ? /** @type {Layer} */ ({ ...layer, layout: { ...("layout" in layer ? layer.layout : {}), visibility: "none" } })
        : layer,
    );
    return style;
  }

  #repaint() {
    this.colours = currentPalette();
    this.map.setStyle(this.#style(), { diff: true });
    redraw(this.map, this.colours);
  }

  /** @param {import("maplibre-gl").ErrorEvent & {sourceId?: string}} event */
  #failed(event) {
    const source = event.sourceId;
    const tilesMissing = this.#foreign && source && source in this.#foreign.sources && !this.map.isSourceLoaded(source);
    if (tilesMissing || (this.#foreign && !this.#styled)) {
      // The style is none, or loaded while its tiles do not: a blank map is worse than our own drawing.
      this.#foreign = undefined;
      this.map.setStyle(this.#style(), { diff: false });
    }
  }
}

export const DISTRICT_LAYERS = ["district-line", "district-name"];

/** @returns {Promise<Style | undefined>} */
async function foreignStyle() {
  if (!settings.map.style) return undefined;
  try {
    const response = await request(settings.map.style, { timeoutMs: BASE_STYLE_TIMEOUT_MS });
    return await response.json();
  } catch {
    return undefined;
  }
}

/** @param {string} title */
function controlTexts(title) {
  return {
    "AttributionControl.ToggleAttribution": t("map.attribution"),
    "GeolocateControl.FindMyLocation": t("map.locate"),
    "GeolocateControl.LocationNotAvailable": t("map.locate.unavailable"),
    "Map.Title": title,
    "Marker.Title": t("map.marker"),
    "NavigationControl.ZoomIn": t("map.zoomIn"),
    "NavigationControl.ZoomOut": t("map.zoomOut"),
    "Popup.Close": t("close"),
    "ScaleControl.Meters": t("unit.m"),
    "ScaleControl.Kilometers": t("unit.km"),
    "CooperativeGesturesHandler.WindowsHelpText": t("map.gestures.wheel"),
    "CooperativeGesturesHandler.MacHelpText": t("map.gestures.mac"),
    "CooperativeGesturesHandler.MobileHelpText": t("map.gestures.touch"),
  };
}
