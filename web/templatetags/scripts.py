"""What a page's scripts need to begin: the import map, the page's settings and the texts of its language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.conf import settings
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from config.city import CITY
from web.bundles import files_of_modules
from web.modules import with_what_they_need
from web.script_texts import script_texts
from web.sending import settings_of_sending

register = template.Library()


def _import_map(bundled: bool) -> dict[str, dict[str, str]]:
    # Modules are named city/…; the map is what turns that name into the hashed address of this release.
    imports = {f"city/{path}": static(file) for path, file in files_of_modules(bundled).items()}
    imports["maplibre-gl"] = static("vendor/maplibre-gl/maplibre-gl.mjs")
    return {"imports": imports}


def _settings(language: str, base_map_style: str) -> dict[str, Any]:
    west, south, east, north = CITY.bounds
    sending = settings_of_sending()
    return {
        "language": language,
        "timeZone": settings.TIME_ZONE,
        "languages": list(CITY.languages),
        "city": CITY.name.get(language, CITY.name[CITY.default_language]),
        "urls": {
            "home": reverse("public:map"),
            "newAppeal": reverse("public:appeal-new"),
            "appeal": reverse("public:appeal", args=[0]),
            "follow": reverse("public:follow", args=["0"]),
            "feature": reverse("api-appeal", args=[UUID(int=0)]),
            "appealsGeojson": reverse("api-appeals"),
            "clusters": reverse("api-clusters"),
            "city": reverse("api-city"),
            "districts": reverse("api-districts"),
            "base": reverse("api-base"),
            "news": reverse("api-news"),
            "route": reverse("api-route"),
            "places": reverse("api-places"),
            "serviceWorker": reverse("service-worker"),
            **sending["urls"],
        },
        "files": {"icons": static("web/img/icons.svg"), "mapIcons": static("web/icons/map.svg")},
        "limits": sending["limits"],
        "map": {
            "center": list(CITY.center),
            "zoom": CITY.zoom,
            "bounds": [west, south, east, north],
            "style": base_map_style,
            "attribution": settings.CITY_ATTRIBUTION.get(language, ""),
            "worker": static("vendor/maplibre-gl/maplibre-gl-worker.mjs"),
            "css": static("vendor/maplibre-gl/maplibre-gl.css"),
        },
    }


@register.simple_tag
def map_icon(name: str) -> SafeString:
    """A drawing of ``icons/map.svg``: categories and the map's tools; decoration only."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("web/icons/map.svg"),
        name,
    )


#: Modules of every page.
_ENTRY = ("main.js", "site/network.js")


@register.simple_tag
def preload(*names: str) -> SafeString:
    """Links to the modules that this page's elements are made of, so that all of them are asked for at once."""
    shared = _files(_ENTRY)
    return _links([file for file in _files(names) if file not in shared])


def _files(names: Sequence[str]) -> dict[str, None]:
    """Static files that have these modules and all that must be there before they run; each once."""
    files = files_of_modules(settings.SCRIPTS_ARE_BUNDLED)
    return dict.fromkeys(files[path] for path in with_what_they_need(*names))


def _links(files: Iterable[str]) -> SafeString:
    return format_html_join(
        "\n  ", '<link rel="modulepreload" href="{}">', ((static(file),) for file in files)
    )


@register.simple_tag(takes_context=True)
def city_scripts(context: Context) -> SafeString:
    """Everything in ``<head>`` that the modules stand on; the entry module follows the import map."""
    nonce = context.get("csp_nonce", "")
    language = get_language() or CITY.default_language
    imports, others = for_scripts(language, settings.SCRIPTS_ARE_BUNDLED, settings.BASE_MAP_STYLE)
    # By its name: a browser that knows no import maps begins nothing, and shows what stands for the scripts.
    return format_html(
        '<script type="importmap" nonce="{nonce}">{imports}{others}<script type="module" nonce="{nonce}">import "city/main.js";</script>',
        nonce=nonce,
        imports=imports,
        others=others,
    )


# The same on every page of a language: two hundred sentences, addresses and names of files.
@lru_cache(maxsize=16)
def for_scripts(language: str, bundled: bool, base_map_style: str) -> tuple[SafeString, SafeString]:
    """The import map up to its end without the tag that opens it, which has a nonce; and what follows it."""
    imports = json_script(_import_map(bundled)).removeprefix('<script type="application/json">')
    others = (
        json_script(_settings(language, base_map_style), "site-settings")
        + json_script(script_texts(), "site-texts")
        + _links(_files(_ENTRY))
    )
    return SafeString(imports), SafeString(others)
