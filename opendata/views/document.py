"""GET /api/schema/ and /api/docs/: the description of the API, as a document and as a page."""

from __future__ import annotations

from typing import Any, Final

from django.utils import translation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from geo.refusals import Refused
from web.api.language import language_asked_for
from web.api.openapi import LANG
from web.api.parameters import takes
from web.api.problems import parameters_refused

#: djangorestframework's own, which chooses among the media types; and what the page adds to ask for its script.
_FORMAT: Final = OpenApiParameter("format", str)
_SCRIPT: Final = OpenApiParameter("script", str, enum=[""])


class DocumentView(SpectacularAPIView):
    """The OpenAPI document, in YAML or JSON."""

    http_method_names = ["get", "head"]
    # There is one version; a name of another in the address would go into the headers.
    api_version = "1"

    @takes(LANG, _FORMAT)
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The document. Raises ``Problem`` for a language that the city does not speak."""
        with translation.override(_language(request)):
            document: Response = self._get_schema_response(request)  # type: ignore[no-untyped-call]
            return document


class DocumentPage(SpectacularSwaggerSplitView):
    """The same as a page on which requests can be tried."""

    http_method_names = ["get", "head"]

    @takes(LANG, _SCRIPT)
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The page, or the script with which it begins."""
        with translation.override(_language(request)):
            page: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
            return page


def _language(request: Request) -> str:
    try:
        return language_asked_for(request._request)
    except Refused as refusal:
        raise parameters_refused(refusal.errors) from None
