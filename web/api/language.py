"""The language of the API's names and errors: the ``lang`` parameter, else what the request negotiated."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import activate, get_language
from django.utils.translation import gettext as _

from geo.refusals import Refused
from web.api.problems import API_PATHS


def language_asked_for(request: HttpRequest) -> str:
    """Code of the language. Raises ``Refused`` for one that the city does not speak."""
    asked = request.GET.get("lang")
    if not asked:
        return get_language() or settings.LANGUAGE_CODE
    if asked not in dict(settings.LANGUAGES):
        codes = ", ".join(code for code, _name in settings.LANGUAGES)
        raise Refused({"lang": [_("Choose among: %(choices)s.") % {"choices": codes}]})
    return asked


class AskedLanguage:
    """Middleware: below ``API_PATHS`` all is said in the language that is asked for by name, whatever else is wrong with the address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(API_PATHS):
            asked = request.GET.get("lang")
            if asked in dict(settings.LANGUAGES):
                activate(asked)
        return self.get_response(request)
