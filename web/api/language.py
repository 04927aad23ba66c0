"""The language in which a light view writes names: the ``lang`` parameter, else what the request negotiated."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _


class LanguageRefused(ValueError):
    """``errors`` says that the city has no such language, in the reader's."""

    def __init__(self) -> None:
        codes = ", ".join(code for code, _name in settings.LANGUAGES)
        self.errors = {"lang": [_("Choose among: %(choices)s.") % {"choices": codes}]}
        super().__init__(self.errors)


def language_of(request: HttpRequest) -> str:
    """Code of the language. Raises ``LanguageRefused``."""
    asked = request.GET.get("lang")
    if not asked:
        return get_language() or settings.LANGUAGE_CODE
    if asked not in dict(settings.LANGUAGES):
        raise LanguageRefused
    return asked
