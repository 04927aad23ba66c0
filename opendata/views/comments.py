"""GET /api/appeals/{id}/comments/: what residents say of one appeal."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.comments import OLDEST_FIRST, discussion_of
from appeals.models import Appeal, Comment
from geo.paging import PageRequest, parse_page
from geo.refusals import Refusals
from opendata.parameters import AFTER_PARAMETER, PAGE_SIZE_PARAMETER
from opendata.views.appeal import KEY_OR_NUMBER
from opendata.views.appeals import link_to
from web.api.answers import LIVE_S, cached_for
from web.api.language import language_asked_for
from web.api.openapi import LANG, LINKS, MOMENT, TEXT, WHOLE, operation, problems, record
from web.api.parameters import takes
from web.api.problems import parameters_refused

_PARAMETERS: Final = (PAGE_SIZE_PARAMETER, AFTER_PARAMETER, LANG)


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.pk,
        "at": comment.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "by": "author" if comment.by_author else "resident",
        "language": comment.language,
        "text": comment.text,
    }


_COMMENT: Final = record(
    {
        "id": WHOLE,
        "at": MOMENT,
        "by": {
            "type": "string",
            "enum": ["resident", "author"],
            "description": "Whether it is the author of the appeal.",
        },
        "language": {**TEXT, "description": "That of the page on which it was written."},
        "text": TEXT,
    }
)


class _CommentsView(APIView):
    renderer_classes = [JSONRenderer]

    def _answer(self, request: Request, **known: Any) -> Response:
        refusals = Refusals()
        refusals.read(language_asked_for, request._request, "")
        page = refusals.read(
            lambda query: parse_page(query, OLDEST_FIRST), request._request.GET, PageRequest()
        )
        if refusals.errors:
            raise parameters_refused(refusals.errors)
        # Those of a hidden appeal are read at the desk alone.
        appeal = Appeal.objects.public().filter(**known).only("pk").first()
        if appeal is None:
            raise Http404
        found = discussion_of(Comment.objects.shown().filter(appeal=appeal), page)
        links = [link_to(request._request, "self", media_type="application/json")]
        if found.next is not None:
            links.append(
                link_to(request._request, "next", media_type="application/json", after=str(found.next))
            )
        answer = Response(
            {
                "numberMatched": found.count,
                "numberReturned": len(found.comments),
                "comments": [_comment(comment) for comment in found.comments],
                "links": links,
            }
        )
        cached_for(answer, LIVE_S, private=False, per_reader=False)
        return answer


class CommentsView(_CommentsView):
    """The comments on one appeal."""

    @operation(
        "list_comments",
        parameters=[KEY_OR_NUMBER, *_PARAMETERS],
        responses={
            (200, "application/json"): record(
                {
                    "numberMatched": WHOLE,
                    "numberReturned": WHOLE,
                    "comments": {
                        "type": "array",
                        "items": _COMMENT,
                    },
                    "links": LINKS,
                }
            ),
            **problems(400, 404),
        },
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What residents say of the appeal, the oldest first, in pages; nobody is told who wrote what.

        Those that the Mayor's Office has hidden, and those on an appeal that it has hidden, are not there.
        """
        return self._answer(request, pk=pk)


class CommentsByNumberView(_CommentsView):
    """The same by the number that people know."""

    # Of one template with the other, which describes both.
    @takes(*_PARAMETERS)
    @extend_schema(exclude=True)
    def get(self, request: Request, number: int) -> Response:
        """The comments on the appeal of that public number; the same document."""
        return self._answer(request, number=number)
