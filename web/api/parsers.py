from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from web.api.problems import Problem

#: A submission of 4,000 characters, every one escaped, fits several times.
BODY_MAX_BYTES = 256 * 1024


class StrictJSONParser(BaseParser):
    """A JSON object of bounded size: no NaN, no duplicate surprises of depth; more is refused without being read."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The object. Raises ``Problem`` 413 for a larger body and 400 for anything but an object."""
        body = stream.read(BODY_MAX_BYTES + 1)
        if len(body) > BODY_MAX_BYTES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("What was sent is too large."))
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Problem(HTTPStatus.BAD_REQUEST, _("A JSON document is needed.")) from None
        if not isinstance(document, dict):
            raise Problem(HTTPStatus.BAD_REQUEST, _("A JSON object is needed."))
        return document
