"""GET /data/appeals.geojson and /data/appeals.geojsonl: the whole set at one address, for GDAL, QGIS and GeoPandas."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from appeals.filters import AppealFilter, parse_filter
from appeals.models import Appeal
from geo.geojson import FeatureText, feature_statement
from geo.refusals import Refusals
from opendata.changes import UPDATED_AFTER, updated_after
from opendata.parameters import FILTER_PARAMETERS
from opendata.properties import APPEAL, schema, values
from opendata.whole_sets import GEOJSON, GEOJSONL, Form, WholeSet
from rates.senders import sender_of
from rates.taking import DATA_WORK, TooMany, charged
from web.api.answers import cached_for, reads_parts, text_answer
from web.api.language import language_asked_for
from web.api.openapi import LANG, TEXT, WHOLE, described, feature_collection, problems
from web.api.problems import bad_parameters, problem
from web.limits import refused

#: How long a cache may show what the public saw.
MAX_AGE_S = 15


@require_safe
@described(
    "read_all_appeals",
    parameters=[*FILTER_PARAMETERS, UPDATED_AFTER, LANG],
    responses={
        **feature_collection(
            schema(APPEAL), members={"numberMatched": WHOLE, "numberReturned": WHOLE}, has_id=True
        ),
        **problems(400, 429, 503),
    },
)
def whole_appeals(request: HttpRequest) -> HttpResponseBase:
    """Every appeal that the filters leave, newest first, in one text of one moment.

    Its ETag changes with the data. Whoever reads it in byte ranges reads one text, whatever comes in meanwhile.
    """
    return _whole(request, GEOJSON)


@require_safe
@described(
    "read_all_appeals_by_line",
    parameters=[*FILTER_PARAMETERS, UPDATED_AFTER, LANG],
    responses={(200, GEOJSONL.media_type): TEXT, **problems(400, 429, 503)},
)
def whole_appeals_by_line(request: HttpRequest) -> HttpResponseBase:
    """The same, one feature a line (newline-delimited GeoJSON, GDAL's GeoJSONSeq), to be read without an end in sight."""
    return _whole(request, GEOJSONL)


def _whole(request: HttpRequest, form: Form) -> HttpResponseBase:
    refusals = Refusals()
    language = refusals.read(language_asked_for, request, "")
    wanted = refusals.read(parse_filter, request.GET, AppealFilter())
    since = refusals.read(updated_after, request.GET, None)
    if refusals.errors:
        return bad_parameters(refusals.errors)
    rows = Appeal.objects.visible_to(request.user).filtered(wanted).newest_first()
    if since is not None:
        rows = rows.updated_since(since)
    feature = FeatureText(id="id", geometry="point", properties=values(APPEAL, language))
    whole = WholeSet(
        feature_statement(rows, feature), form, work=partial(charged, DATA_WORK, sender_of(request))
    )
    try:
        return _answer(request, whole)
    except TooMany as refusal:
        return refused(problem(HTTPStatus.TOO_MANY_REQUESTS, str(refusal)), refusal)


def _answer(request: HttpRequest, whole: WholeSet) -> HttpResponseBase:
    private, media_type = request.user.is_authenticated, whole.form.media_type
    answer: HttpResponseBase
    if private:
        # What staff see is kept in no file that has a name.
        answer = FileResponse(whole.own_text(), content_type=media_type)
        answer["Accept-Ranges"] = "none"
    else:
        # A range counts bytes: of the compressed text they would be others.
        packed = "gzip" in request.headers.get("Accept-Encoding", "") and not reads_parts(request)
        answer = text_answer(
            request,
            lambda: whole.public_text(packed=packed),
            media_type=media_type,
            encoding="gzip" if packed else "identity",
        )
        patch_vary_headers(answer, ["Accept-Encoding"])
    return cached_for(answer, MAX_AGE_S, private=private)
