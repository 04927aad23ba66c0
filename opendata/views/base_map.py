"""GET /api/base.geojson: the city's own base layer (river, hills, streets, landmarks), a file of its profile."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from geo.geojson import MEDIA_TYPE, collection
from web.api.openapi import TEXT, described, feature_collection, record
from web.compression import takes

#: The layer is drawn once and for long.
MAX_AGE_S = 86_400


#: Of what has a name, in each language.
_NAMES = {f"name_{code}": TEXT for code in settings.MODELTRANSLATION_LANGUAGES}


@dataclass(frozen=True)
class _Layer:
    plain: bytes
    packed: bytes
    digest: str


@require_safe
@described(
    "read_base_map",
    responses=feature_collection(
        record({"layer": TEXT, "class": TEXT, **_NAMES}, optional=list(_NAMES)), geometry={"type": "object"}
    ),
)
def base_geojson(request: HttpRequest) -> HttpResponse:
    """The city's own base layer, for a map that reaches no base-map server; empty where the city has none."""
    path = Path(settings.CITY_FOLDER) / "base.geojson"
    layer = _layer(path, path.stat().st_mtime_ns if path.exists() else 0)
    packed = takes(request, "gzip")
    answer = HttpResponse(layer.packed if packed else layer.plain, content_type=MEDIA_TYPE)
    if packed:
        answer["Content-Encoding"] = "gzip"
    answer["ETag"] = etag = f'"{layer.digest}{"-gzip" if packed else ""}"'
    answer["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    patch_vary_headers(answer, ["Accept-Encoding"])
    conditional: HttpResponse | None = get_conditional_response(request, etag=etag, response=answer)
    return answer if conditional is None else conditional


@lru_cache(maxsize=2)
def _layer(path: Path, changed_ns: int) -> _Layer:
    """The file as it is and compressed, made once for each state of the file; ``changed_ns`` 0 means no file."""
    plain = path.read_bytes() if changed_ns else collection([])
    digest = hashlib.blake2b(plain, digest_size=16).hexdigest()
    return _Layer(plain, gzip.compress(plain, 9, mtime=0), digest)
