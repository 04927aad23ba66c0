"""GET /data/removed.json: which appeals a copy of the open data must forget, and when to ask again from."""

from __future__ import annotations

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from appeals.models import Appeal
from appeals.querysets import seen_until
from geo.refusals import Refusals
from opendata.changes import UPDATED_AFTER, updated_after
from web.api.answers import cached_for
from web.api.openapi import MOMENT, UUID, described, problems, record
from web.api.problems import bad_parameters


@require_safe
@described(
    "list_removed_appeals",
    parameters=[UPDATED_AFTER],
    responses={
        (200, "application/json"): record(
            {
                "seen_until": {
                    **MOMENT,
                    "description": "Lists that are read after this answer hold every change before this moment.",
                },
                "removed": {"type": "array", "items": UUID, "description": "Keys of the appeals, no more."},
            }
        ),
        **problems(400),
    },
)
def removed_json(request: HttpRequest) -> HttpResponseBase:
    """Appeals that were hidden since, by key; of all times without ``updated_after``.

    To keep a copy: read this, then a list with the same ``updated_after``; put its features in, take these out, and come
    again with ``seen_until``.
    """
    refusals = Refusals()
    since = refusals.read(updated_after, request.GET, None)
    if refusals.errors:
        return bad_parameters(refusals.errors)
    until = seen_until()
    rows = Appeal.objects.hidden_from(request.user)
    if since is not None:
        rows = rows.updated_since(since)
    removed = rows.order_by("updated_at", "pk").values_list("pk", flat=True)
    body = orjson.dumps({"seen_until": until, "removed": list(removed)})
    answer = HttpResponse(body, content_type="application/json")
    return cached_for(answer, 0, private=request.user.is_authenticated)
