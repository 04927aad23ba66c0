"""The language of the API's names and errors: the ``lang`` parameter, else what the request negotiated."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.refusals import Refused


def language_asked_for(request: HttpRequest) -> str:
    """Code of the language. Raises ``Refused`` for one that the city does not speak."""
    asked = request.GET.get("lang")
    if not asked:
        return get_language() or settings.LANGUAGE_CODE
    if asked not in dict(settings.LANGUAGES):
        codes = ", ".join(code for code, _name in settings.LANGUAGES)
        raise Refused({"lang": [_("Choose among: %(choices)s.") % {"choices": codes}]})
    return asked
