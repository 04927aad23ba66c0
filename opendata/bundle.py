"""The bundle: all that is open in one ZIP file with its checksums, for archives, mirrors and whoever wants a fixed state.

Made once a night by a worker, of one snapshot of the database; the one before is then gone. The same data make the same bytes.
Where something of it has been taken from the public since, it is no longer served, and made anew within minutes: what is
hidden is hidden at every door.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone

from appeals.models import Appeal
from appeals.querysets import seen_until
from appeals.taken_away import taken_away_since
from geo.statements import one_snapshot
from media.storage import working_folder
from news.models import NewsItem
from opendata.area_rows import hotspot_cells, news_areas
from opendata.border_rows import AskedBorders, city, districts, service_areas
from opendata.files import FileKind, kinds_of
from opendata.layers import APPEALS, CITY, DISTRICTS, HOTSPOT_CELLS, NEWS_AREAS, SERVICE_AREAS, Layer
from opendata.licence import licence_in_words
from opendata.revision import revision_of
from web.api.texts import Busy, Text
from web.links import public_link

log = structlog.get_logger()

#: The formats that are in it: one for the web, one for tables, one for desks with a GIS, one for analysis.
ENDINGS: Final = ("geojson", "csv", "gpkg", "parquet")
#: From this hour of the city's night on it is made.
NIGHT_HOUR: Final = 2
#: How often it is looked for a bundle to make.
LOOKED_FOR: Final = dt.timedelta(minutes=5)
#: The file of checksums, in the bundle and beside it, as ``sha256sum --check`` reads it.
CHECKSUMS: Final = "SHA256SUMS"

_ABOUT: Final = "bundle.json"
_MOMENTS: Final = ("made_at", "seen_until")
#: No entry has a time of its own, so that the same data make the same bytes.
_ALWAYS: Final = (2000, 1, 1, 0, 0, 0)
_PART_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """A file of the bundle: its name, its size in bytes, its SHA-256 as hexadecimal digits."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Bundle:
    """The bundle of a night: when its data were read, before which moment every change is in them, the whole of it and each file."""

    made_at: dt.datetime
    seen_until: dt.datetime
    whole: Entry
    entries: tuple[Entry, ...]

    @property
    def checksums(self) -> str:
        """A line for the bundle and each of its files."""
        return _checksums([self.whole, *self.entries])

    def opened(self) -> Text:
        """The file; its version is its checksum. Raises ``Busy`` when the next one has just taken its place."""
        path = _root() / self.whole.sha256
        try:
            return Text(path, path.open("rb"))
        except FileNotFoundError as error:
            raise Busy from error


def newest_bundle() -> Bundle | None:
    """The bundle that there is; None before the first one, and where it holds what is not public any more.

    At most two queries, one by the index of what has changed lately.
    """
    try:
        told = json.loads((_root() / _ABOUT).read_bytes())
    except FileNotFoundError:
        return None
    if not told.keys() >= {*_MOMENTS}:  # of a release before
        return None
    whole = Entry(**told["whole"])
    if not (_root() / whole.sha256).is_file():
        return None
    made_at, seen = (dt.datetime.fromisoformat(told[name]) for name in _MOMENTS)
    if taken_away_since(seen) or NewsItem.objects.taken_back().filter(archived_at__gte=seen).exists():
        return None
    return Bundle(made_at, seen, whole, tuple(Entry(**one) for one in told["entries"]))


def bundle_of_the_night(now: dt.datetime | None = None) -> Bundle | None:
    """Makes the bundle if there is none of this night, or none that may be served; an extra call does nothing."""
    local = timezone.localtime(now)
    newest = newest_bundle()
    if newest and (local.hour < NIGHT_HOUR or timezone.localtime(newest.made_at).date() >= local.date()):
        return None
    return make_bundle(local)


def make_bundle(now: dt.datetime) -> Bundle:
    """Makes the bundle of what everybody may read now, and puts it in the place of the one before.

    Raises what writing a file raises; what was there stays then.
    """
    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    seen = seen_until()
    with working_folder("bundle-") as folder:
        made, about = Path(folder) / "bundle", Path(folder) / _ABOUT
        with made.open("xb") as file:
            entries = _write(file)
        whole = Entry("bundle.zip", made.stat().st_size, _sha256(made))
        bundle = Bundle(now, seen, whole, entries)
        about.write_text(json.dumps(asdict(bundle), default=dt.datetime.isoformat), encoding="utf-8")
        made.replace(root / whole.sha256)
        about.replace(root / _ABOUT)
    for older in root.iterdir():
        # Who is reading it reads on: the file is there until it is closed.
        if older.name not in {whole.sha256, _ABOUT}:
            older.unlink(missing_ok=True)
    log.info("bundle of the open data", size=whole.size, sha256=whole.sha256)
    return bundle


def public_layers() -> Iterator[tuple[Layer, QuerySet[Any]]]:
    """Each layer with the rows that everybody may read, of the borders in force today."""
    yield APPEALS, Appeal.objects.visible_to(AnonymousUser()).newest_first()
    borders = AskedBorders(revision_of({}))
    yield DISTRICTS, districts(borders)
    yield CITY, city(borders)
    yield SERVICE_AREAS, service_areas(borders)
    yield NEWS_AREAS, news_areas()
    yield HOTSPOT_CELLS, hotspot_cells()


def _write(file: BinaryIO) -> tuple[Entry, ...]:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive, one_snapshot():
        entries = [
            _add(archive, kinds_of(layer)[ending], layer, rows)
            for layer, rows in public_layers()
            for ending in ENDINGS
        ]
        for name, text in (("README.txt", _readme()), (CHECKSUMS, _checksums(entries))):
            archive.writestr(_named(name), text)
    return tuple(entries)


def _add(archive: zipfile.ZipFile, kind: FileKind, layer: Layer, rows: QuerySet[Any]) -> Entry:
    name, known, size = f"{layer.name}.{kind.ending}", hashlib.sha256(), 0
    entry = _named(name)
    if not kind.packs:
        entry.compress_type = zipfile.ZIP_STORED
    with kind.whole_set(layer, rows).own_text() as text, archive.open(entry, "w", force_zip64=True) as packed:
        while part := text.read(_PART_BYTES):
            known.update(part)
            size += len(part)
            packed.write(part)
    return Entry(name, size, known.hexdigest())


def _named(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ALWAYS)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _readme() -> str:
    return (
        f"Open data of {public_link('/')}\n"
        f"Licence: {licence_in_words(settings.DATA_LICENCE)}\n"
        "Coordinates: EPSG:4326, longitude first.\n"
        f"What each field is: {public_link('/data/appeals.csv-metadata.json')} and its like.\n"
        f"Check the files: sha256sum --check {CHECKSUMS}\n"
    )


def _checksums(entries: list[Entry]) -> str:
    return "".join(f"{one.sha256}  {one.name}\n" for one in entries)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _root() -> Path:
    return Path(settings.BUNDLE_ROOT)
