"""GET /data/appeals.geojson and its like: whole sets at one address each, for GDAL, QGIS and GeoPandas.

A file is made in the request of the first who asks, by at most two threads of a process (``web.api.texts.MAKERS``); the
others serve pages meanwhile. Tools that are given an address cannot follow a link that comes later, and a million appeals take
seconds: only what is larger than a format can be written within some ten seconds is a worker's, and the answer then is where to
ask for it. A worker makes what everybody may read: who sees more gets theirs in the request, if it takes no more than a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from accounts.roles import standing_of
from appeals.models import Appeal
from geo.geojson import feature_texts
from geo.large_texts import LARGE, Unwanted, while_wanted
from geo.refusals import Refusals, Refused
from opendata.appeal_rows import asked_appeals
from opendata.changes import UPDATED_AFTER
from opendata.files import FileKind, kinds_of
from opendata.layers import APPEALS, Layer
from opendata.long_sets import ask
from opendata.parameters import FILTER_PARAMETERS
from opendata.properties import APPEAL, schema
from opendata.whole_sets import GEOJSON, GEOJSONL, NotMade, WholeSet
from rates.senders import sender_of
from rates.taking import DATA_WORK, TooMany, charged
from web.api.answers import LIVE_S, cached_for, reads_parts, text_answer
from web.api.language import language_asked_for
from web.api.openapi import (
    AREA,
    BYTES,
    LANG,
    TEXT,
    UUID,
    WHOLE,
    Responses,
    described,
    feature_collection,
    problems,
)
from web.api.problems import bad_parameters, busy, problem
from web.api.texts import Busy, digest, one_of_makers
from web.compression import preferred
from web.limits import refused
from web.links import public_link
from web.long_works import LATER, later

#: What only its reader may see is made within the request: it occupies a thread so long at the most.
_OWN_MOST_S: Final = 60
_MEMBERS: Final = {"name": TEXT, "numberMatched": WHOLE, "numberReturned": WHOLE}


@require_safe
@described(
    "read_all_appeals",
    parameters=[*FILTER_PARAMETERS, UPDATED_AFTER, LANG],
    responses={
        **feature_collection(schema(APPEAL), members=_MEMBERS, id_schema=UUID),
        **problems(400, 429, 503),
    },
)
def whole_appeals(request: HttpRequest) -> HttpResponseBase:
    """Every appeal that the filters leave, newest first, in one text of one moment.

    Its ETag changes with the data. Whoever reads it in byte ranges reads one text, whatever comes in meanwhile.
    """
    return _appeals(request, GEOJSON.ending)


@require_safe
@described(
    "read_all_appeals_by_line",
    parameters=[*FILTER_PARAMETERS, UPDATED_AFTER, LANG],
    responses={(200, GEOJSONL.media_type): TEXT, **problems(400, 429, 503)},
)
def whole_appeals_by_line(request: HttpRequest) -> HttpResponseBase:
    """The same, one feature a line (newline-delimited GeoJSON, GDAL's GeoJSONSeq), to be read without an end in sight."""
    return _appeals(request, GEOJSONL.ending)


def described_files(layer: Layer, *, but: Collection[str] = ()) -> tuple[OpenApiParameter, Responses]:
    """The parameter of the path that names a format of the layer, and the responses."""
    kinds = [kind for kind in kinds_of(layer).values() if kind.ending not in but]
    parameter = OpenApiParameter(
        "ending",
        str,
        OpenApiParameter.PATH,
        enum=[kind.ending for kind in kinds],
        description="\n".join(f"* `{kind.ending}`: {kind.description}" for kind in kinds),
    )
    responses: Responses = {(200, kind.media_type): BYTES for kind in kinds}
    if GEOJSON.ending not in but:
        properties = schema(layer.properties)
        responses |= feature_collection(
            properties, geometry=AREA, members=_MEMBERS, id_schema=layer.id_schema
        )
    return parameter, {**responses, **problems(400, 404, 429, 503)}


_APPEALS_ENDING, _APPEALS_RESPONSES = described_files(APPEALS, but=(GEOJSON.ending, GEOJSONL.ending))


@require_safe
@described(
    "read_all_appeals_as",
    parameters=[_APPEALS_ENDING, *FILTER_PARAMETERS, UPDATED_AFTER, LANG],
    responses={**_APPEALS_RESPONSES, **LATER},
)
def whole_appeals_as(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The same appeals as a table or a file that a GIS opens, with what each field is."""
    return _appeals(request, ending)


def _appeals(request: HttpRequest, ending: str) -> HttpResponseBase:
    refusals = Refusals()
    language = refusals.read(language_asked_for, request, "")
    rows = refusals.read(lambda query: asked_appeals(query, request.user), request.GET, Appeal.objects.none())
    if refusals.errors:
        return bad_parameters(refusals.errors)

    def by_a_worker(whole: WholeSet) -> HttpResponse:
        return later(request, ask(whole, ending, request.GET, language, sender_of(request)))

    return whole_set_answer(request, APPEALS, ending, rows, language, by_a_worker=by_a_worker)


def whole_set_answer(
    request: HttpRequest, layer: Layer, ending: str, rows: QuerySet[Any], language: str = "", **more: Any
) -> HttpResponseBase:
    """The rows of the layer in the format of the ending; ``more`` is for ``FileKind.whole_set``. 404 names the formats."""
    kind = kinds_of(layer).get(ending)
    if kind is None:
        formats = ", ".join(kinds_of(layer))
        return problem(
            HTTPStatus.NOT_FOUND, _("There is no such format. There are: %(formats)s.") % {"formats": formats}
        )
    answer = kind_answer(request, kind, layer, rows, language, **more)
    fields = reverse("data-fields", args=[layer.name])
    answer["Link"] = f'<{public_link(fields)}>; rel="describedby"; type="application/csvm+json"'
    return answer


def few_rows_answer(
    request: HttpRequest, layer: Layer, ending: str, rows: QuerySet[Any], language: str = ""
) -> HttpResponseBase:
    """The same of a layer with few rows, whose tables note no version: the features themselves tell its states apart."""

    def version() -> str:
        return digest(*feature_texts(rows, layer.feature(language)))

    return whole_set_answer(request, layer, ending, rows, language, version=version)


def kind_answer(
    request: HttpRequest,
    kind: FileKind,
    layer: Layer,
    rows: QuerySet[Any],
    language: str,
    *,
    by_a_worker: Callable[[WholeSet], HttpResponse] | None = None,
    **more: Any,
) -> HttpResponseBase:
    """The rows of the layer as a file of the kind, kept for the public, or why it cannot be had.

    What is long is made ``by_a_worker``, where that is given, and then answered with what it returns.
    """
    work = partial(charged, DATA_WORK, sender_of(request))
    whole = kind.whole_set(layer, rows, language, work=work, **more)
    try:
        return _answer(request, whole, by_a_worker)
    except (Busy, Unwanted):
        return busy(Busy.retry_after_s)
    except Refused as refusal:
        return problem(HTTPStatus.BAD_REQUEST, str(refusal))
    except TooMany as refusal:
        return refused(problem(HTTPStatus.TOO_MANY_REQUESTS, str(refusal)), refusal)


def too_many(whole: WholeSet) -> str:
    """Says that the request cannot wait for so many."""
    return _(
        "These are too many appeals for a file that is made while you wait (about %(rows)s). Narrow them with filters."
    ) % {"rows": number_format(whole.rows, force_grouping=True)}


def _answer(
    request: HttpRequest, whole: WholeSet, by_a_worker: Callable[[WholeSet], HttpResponse] | None
) -> HttpResponseBase:
    media_type = whole.form.media_type
    answer: HttpResponseBase
    if standing_of(request.user).works_on_appeals:
        # What is hidden from the public is kept in no file that has a name. A planner sees what the public sees.
        if whole.expected_s > _OWN_MOST_S:
            return problem(HTTPStatus.BAD_REQUEST, too_many(whole))
        is_gone = request.META.get("waitress.client_disconnected", lambda: False)
        with one_of_makers(), while_wanted(is_gone):
            answer = FileResponse(whole.own_text(), content_type=media_type)
        answer["Accept-Ranges"] = "none"
    else:
        later_answer = by_a_worker if by_a_worker and whole.is_long else None
        coding = None
        # A range counts bytes: of the compressed text they would be others.
        if whole.form.packs and not later_answer and not reads_parts(request):
            coding = preferred(request, "zstd", "gzip")
            if coding == "zstd" and whole.rows < LARGE:
                # Not worth the process that packs it.
                coding = preferred(request, "gzip")
        current = whole.long_text if later_answer else partial(whole.public_text, packed=coding)
        try:
            answer = text_answer(request, current, media_type=media_type, encoding=coding or "")
        except NotMade:
            if later_answer is None:
                raise
            return later_answer(whole)
        patch_vary_headers(answer, ["Accept-Encoding"])
    return cached_for(answer, LIVE_S, private=request.user.is_authenticated)
