"""Lists of features in formats without pages: everything that is asked for, in one text of one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from geo.geojson import feature_texts
from geo.published_crs import CRS84
from geo.refusals import Refusals, ValueRefused
from opendata.files import CSV, FLATGEOBUF, FileKind, of_features
from opendata.layers import Layer
from opendata.ogc.collection import Collection
from opendata.ogc.parameters import ListRequest
from opendata.views.whole_sets import kind_answer, too_many
from opendata.whole_sets import GEOJSONSEQ, WholeSet
from web.api.problems import bad_parameters
from web.api.texts import digest
from web.links import public_link


@dataclass(frozen=True)
class WholeForm:
    """A format by its name for people; ``any_crs`` where its coordinates may be in another CRS than CRS84."""

    title: str
    kind: FileKind
    any_crs: bool = False

    @property
    def media_type(self) -> str:
        """As a link names it."""
        return self.kind.media_type.partition(";")[0]


#: By the value of ``f``.
FORMS: Final[Mapping[str, WholeForm]] = {
    "geojsonseq": WholeForm(
        "GeoJSON-Seq", of_features(GEOJSONSEQ, "GeoJSON text sequence (RFC 8142)."), any_crs=True
    ),
    "csv": WholeForm("CSV", CSV),
    "fgb": WholeForm("FlatGeobuf", FLATGEOBUF),
}


def check(form: WholeForm, asked: ListRequest, refusals: Refusals) -> None:
    """Adds to the refusals what the format has no place for."""

    def fits(uri: str) -> None:
        if uri != CRS84.uri and not form.any_crs:
            raise ValueRefused(_("In this format the coordinates are those of CRS84."))

    def has_features(hits: bool) -> None:
        if hits:
            raise ValueRefused(_("Only JSON tells how many features there are."))

    refusals.read(fits, asked.crs.uri, None, name="crs")
    refusals.read(has_features, asked.hits, None, name="resultType")


def whole_answer(
    request: HttpRequest, of: Collection, form: WholeForm, rows: QuerySet[Any], asked: ListRequest
) -> HttpResponseBase:
    """The rows in the format, in the order that is asked for: all of them, or as many as the limit says."""
    feature = of.feature(asked.language, asked.crs, asked.properties)
    kind, layer = form.kind, replace(of.layer, properties=asked.properties)
    if form.any_crs:
        kind = replace(kind, row=lambda _layer, _language: feature)
    if asked.page.after is not None:
        rows = asked.order.beyond(rows, asked.page.after)
    rows = rows.order_by(*asked.order.names)
    if asked.most is not None:
        rows = rows[: asked.most]
    version = of.version(asked)
    # Of what is small, and notes no version, the features themselves tell.
    more: dict[str, Any] = {} if version else {"version": lambda: digest(*feature_texts(rows, feature))}
    answer = kind_answer(
        request, kind, layer, rows, asked.language, by_a_worker=partial(_elsewhere, kind, layer), **more
    )
    answer["Content-Crs"] = f"<{asked.crs.uri}>"
    patch_vary_headers(answer, ["Accept"])
    return answer


def _elsewhere(kind: FileKind, layer: Layer, whole: WholeSet) -> HttpResponse:
    """Where a worker makes what no request can wait for: filters and orders are fewer there."""
    address = public_link(f"/data/{layer.name}.{kind.ending}")
    where = _("All of them can be had at %(address)s.") % {"address": address}
    return bad_parameters({"f": [f"{too_many(whole)} {where}"]})
