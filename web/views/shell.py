"""What makes the site an installable one that opens without a network: the manifest and the service worker."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from config.city import CITY
from web.api.problems import API_PATHS
from web.bundles import BUNDLES_PREFIX, WORKER, files_of_modules, modules_of, offline_modules
from web.modules import MODULES_PREFIX
from web.offline import kept
from web.sending import settings_of_sending
from web.styles import source, whole

_WORKER = "web/worker/service-worker.js"


@require_safe
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """Web app manifest in the language of ``?lang=``, else of the request; icons as PNG for launchers that need them."""
    asked = request.GET.get("lang", "")
    language = asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
    with override(language):
        city = CITY.name[language]
        name = f"{city[:1].upper()}{city[1:]}"
        content: dict[str, Any] = {
            # One app whatever the language: the id must not move with start_url.
            "id": "/",
            "name": _("%(city)s: map of appeals") % {"city": name},
            "short_name": name,
            "description": _("Report a problem, see who must answer and by when, read the answers."),
            "lang": language,
            "dir": "ltr",
            "start_url": reverse("public:map"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#f5f6f8",
            "theme_color": "#2142c4",
            "categories": ["government", "utilities"],
            "icons": [
                _icon("icon.svg", "any", "image/svg+xml"),
                _icon("icon-192.png", "192x192", "image/png"),
                _icon("icon-512.png", "512x512", "image/png"),
                _icon("maskable-512.png", "512x512", "image/png") | {"purpose": "maskable"},
            ],
            "shortcuts": [
                {"name": _("New appeal"), "url": reverse("public:appeal-new")},
                {"name": _("News"), "url": reverse("public:news")},
            ],
        }
    return JsonResponse(content, content_type="application/manifest+json")


def _icon(name: str, sizes: str, kind: str) -> dict[str, str]:
    return {"src": static(f"web/icons/{name}"), "sizes": sizes, "type": kind}


@require_safe
@cache_control(max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    """Sends to the icon those who ask for the old name without having read a page."""
    return HttpResponsePermanentRedirect(static("web/icons/icon-192.png"))


@require_safe
@cache_control(max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    """Asks search engines to leave alone what belongs to one person or to staff, and what is computed anew each time."""
    closed = [start for code, _name in settings.LANGUAGES for start in _private(code)]
    lines = ["User-agent: *", *(f"Disallow: {start}" for start in [*closed, *API_PATHS])]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker: what it must know of this release, and then the script itself.

    It changes whenever a file of the shell does, which is what makes a browser install the new one.
    """
    release = {
        "version": _version(),
        "shell": [static(path) for path in kept()] + [static(file) for file in _scripts()],
        "static": settings.STATIC_URL,
        "media": settings.MEDIA_URL,
        "offline": {code: _offline_page(code) for code, _name in settings.LANGUAGES},
        # Somebody who only looked at the map must be able to report something where there is no network.
        "forms": [
            _in(code, name)
            for code, _name in settings.LANGUAGES
            for name in ("public:appeal-new", "public:mine")
        ],
        "private": [start for code, _name in settings.LANGUAGES for start in _private(code)],
        "baseLayers": [
            reverse(name)
            for name in ("api-base", "api-city", "api-districts", "api-service-areas", "still-map")
        ],
        "mapData": [reverse("api-clusters"), reverse("api-appeals")],
        "feature": reverse("api-appeal", args=[UUID(int=0)]),
        "languages": [code for code, _name in settings.LANGUAGES],
        "defaultLanguage": settings.LANGUAGE_CODE,
        "settings": {"language": settings.LANGUAGE_CODE, **settings_of_sending()},
        "icon": static("web/icons/icon-192.png"),
    }
    scripts = [static(_WORKER)]
    if settings.SCRIPTS_ARE_BUNDLED:
        # The worker can import no module as it lies.
        scripts.append(static(f"{BUNDLES_PREFIX}{WORKER}.js"))
    response = HttpResponse(
        f"self.RELEASE = {json.dumps(release, ensure_ascii=False)};\nimportScripts(...{json.dumps(scripts)});\n",
        content_type="text/javascript; charset=utf-8",
    )
    response["Service-Worker-Allowed"] = "/"
    return response


def _scripts() -> dict[str, None]:
    """Static files with the modules that a device keeps."""
    files = files_of_modules(settings.SCRIPTS_ARE_BUNDLED)
    return dict.fromkeys(files[path] for path in offline_modules())


def _offline_page(language: str) -> str:
    return f"{reverse('offline')}?lang={language}"


def _private(language: str) -> list[str]:
    """Beginnings of the addresses of what only one person, or only staff, may see."""
    with override(language):
        log_in, secret = reverse("account_login"), reverse("public:follow", args=["0"])
        return [
            reverse("desk:queue"),
            reverse("admin:index"),
            log_in.removesuffix("login/"),
            secret.removesuffix("0/"),
            reverse("public:mine-account"),
        ]


def _in(language: str, name: str) -> str:
    with override(language):
        return reverse(name)


@lru_cache(maxsize=1)
def _version() -> str:
    """Digest of the shell's content: the same release has the same version on every server."""
    digest = hashlib.sha256()
    for path in (
        *kept(),
        _WORKER,
        *(MODULES_PREFIX + module for module in (*modules_of(WORKER), *offline_modules())),
    ):
        digest.update((whole(path, source) if path.endswith(".css") else source(path)).encode())
    return digest.hexdigest()[:16]
