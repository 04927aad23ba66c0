"""Context of every page: the city, the same page in the other languages, the reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_info

from accounts.roles import NOBODY, standing_of
from config.city import CITY
from web.languages import in_language


@dataclass(frozen=True)
class LanguageLink:
    """The page in one language: ``name`` is the language's own name, ``url`` is absolute."""

    code: str
    name: str
    path: str
    url: str
    current: bool


def site(request: HttpRequest) -> dict[str, Any]:
    """Context of every template rendered with a request; no query for anonymous visitors."""
    language = get_language() or settings.LANGUAGE_CODE
    full_path = request.get_full_path()
    links = [
        LanguageLink(
            code,
            get_language_info(code)["name_local"].capitalize(),
            in_language(full_path, code),
            settings.PUBLIC_URL + in_language(request.path, code),
            code == language,
        )
        for code, _ in settings.LANGUAGES
    ]
    user = getattr(request, "user", None)
    match = request.resolver_match
    return {
        "city_name": CITY.name.get(language, CITY.code),
        "office_name": CITY.office.get(language, ""),
        "language_links": links,
        "canonical_url": settings.PUBLIC_URL + request.path,
        "public_url": settings.PUBLIC_URL,
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "standing": standing_of(user) if user is not None else NOBODY,
        "works_here": user is not None and standing_of(user).works_here,
        "administers": user is not None and admin.site.has_permission(request),
        "page_name": match.view_name if match else "",
    }
