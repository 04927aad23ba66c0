"""GeoJSON files of any length, one feature at a time."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, NoReturn, TextIO

from districts.importing.files import FileRefused, TextFile
from geo.crs import WGS84, Crs, CrsRefused, declared_crs

_CHUNK: Final = 1 << 18
_NUMBER_GOES_ON: Final = ("", *".eE+-0123456789")
_SPACE: Final = " \t\r\n"
#: JSON can escape what the database cannot store: NUL, and half a surrogate pair.
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


def can_be_stored(text: str) -> bool:
    """False for a text with a character that the database refuses."""
    return _UNFIT.search(text) is None


class Feature(NamedTuple):
    """A feature as it is in the file, unchecked but for its texts, which are in NFC; ``n`` counts from 1."""

    n: int
    properties: dict[str, Any]
    geometry: Any


def read_features(stream: TextIO) -> Iterator[Feature]:
    """Features of the FeatureCollection (RFC 7946, 3.3), or the file's only Feature.

    Uses as much memory as the largest feature. Raises ``FileRefused`` where the text is not JSON (NaN is not)
    or not a FeatureCollection, and at a feature that declares a coordinate reference system of its own; features before
    that place have been yielded by then.
    """
    text = _Text(stream)
    text.expect("{")
    found, kind, single = False, None, {}
    for key in text.each_key():
        if key == "features":
            found = True
            for n, item in enumerate(text.each_item(), 1):
                yield _feature(n, item)
        else:
            value = text.value()
            kind = value if key == "type" else kind
            single[key] = value
    if kind == "Feature" and not found:
        single.pop("crs", None)  # the whole file's
        yield _feature(1, single)
    elif not found or kind not in (None, "FeatureCollection"):
        raise FileRefused("it is not a GeoJSON FeatureCollection")
    text.expect_end()


def crs_of(file: TextFile, said: Crs | None = None) -> Crs:
    """The CRS that the GeoJSON file declares; of one that declares none, the one it is ``said`` to have, or WGS 84.

    Raises ``FileRefused`` where it declares another one than is said, or one that is not understood.
    """
    with file.opened() as stream:
        member = _crs_member(stream)
    if member is None:
        return said or WGS84
    try:
        declared = declared_crs(member)
    except CrsRefused as refusal:
        raise FileRefused(str(refusal)) from None
    if said and not said.is_same(declared):
        raise FileRefused(f"it declares {declared}, not {said}")
    return declared


def _crs_member(stream: TextIO) -> object:
    """The ``crs`` member, wherever it stands in the file; None without one. What follows it is not read."""
    text = _Text(stream)
    text.expect("{")
    for key in text.each_key():
        if key == "features":
            # A million of them take no more memory than one.
            for _ in text.each_item():
                pass
        elif key == "crs":
            return text.value()
        else:
            text.value()
    return None


def _feature(n: int, item: object) -> Feature:
    if not isinstance(item, dict) or item.get("type") != "Feature":
        raise FileRefused(f"feature {n} is not a GeoJSON Feature")
    geometry = item.get("geometry")
    if any(isinstance(part, dict) and part.get("crs") is not None for part in (item, geometry)):
        raise FileRefused(
            f"feature {n} declares a coordinate reference system of its own; the crs member must be the file's"
        )
    properties = item.get("properties")
    if not isinstance(properties, dict):
        properties = {}  # RFC 7946, 3.2: null where a feature has none
    composed = {_composed(name): _composed(value) for name, value in properties.items()}
    return Feature(n, composed, geometry)


def _composed(value: Any) -> Any:
    """The text in NFC, as what people type is; anything else as it is."""
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object. Raises ``ValueError`` for a name that occurs twice: one of its values would be lost."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has two members named {twice!r}")
    return members


class _Text:
    """A window on the text that moves as values are read from it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._window = ""
        self._at = 0
        self._passed = 0
        self._ended = False
        self._decoder = json.JSONDecoder(parse_constant=self._no_constant, object_pairs_hook=_once_each)

    def each_key(self) -> Iterator[str]:
        """Keys of an object whose bracket was just read; the caller reads each value before the next key."""
        yield from self._members("}", self._key)

    def each_item(self) -> Iterator[Any]:
        """Values of the array that starts here."""
        self.expect("[")
        yield from self._members("]", self.value)

    def value(self) -> Any:
        """The JSON value that starts here."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._window, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    self._refuse(error.msg, error.pos)
            except (ValueError, RecursionError) as error:
                # An int of thousands of digits, endless brackets, or a name that occurs twice.
                self._refuse(str(error), self._at)
            else:
                # A number may continue beyond the window: 0, 0., 0.5, 0.5e, 0.5e3 start alike.
                if self._ended or self._window[end : end + 1] not in _NUMBER_GOES_ON:
                    self._at = end
                    return value
            self._read_on()

    def expect(self, character: str) -> None:
        """Consumes the character. Raises ``FileRefused`` if another one is next."""
        if self._peek() != character:
            self._refuse(f"expected {character}", self._at)
        self._at += 1

    def expect_end(self) -> None:
        """Raises ``FileRefused`` if anything follows."""
        if self._peek():
            self._refuse("data after the end", self._at)

    def _key(self) -> str:
        key = self.value()
        if not isinstance(key, str):
            self._refuse("expected a key", self._at)
        self.expect(":")
        return key

    def _members(self, closing: str, read: Any) -> Iterator[Any]:
        if self._peek() == closing:
            self._at += 1
            return
        while True:
            yield read()
            if self._peek() != ",":
                self.expect(closing)
                return
            self._at += 1

    def _peek(self) -> str:
        """The next character that is not a space; empty at the end."""
        while True:
            while self._at < len(self._window):
                if self._window[self._at] not in _SPACE:
                    return self._window[self._at]
                self._at += 1
            if self._ended:
                return ""
            self._read_on()

    def _read_on(self) -> None:
        # At least doubles what is waiting, so that a long value is retried only when its length doubles.
        more = self._stream.read(max(_CHUNK, len(self._window) - self._at))
        self._passed += self._at
        self._window = self._window[self._at :] + more
        self._at = 0
        self._ended = not more

    def _no_constant(self, name: str) -> NoReturn:
        self._refuse(f"{name} is not JSON", self._at)

    def _refuse(self, why: str, at: int) -> NoReturn:
        raise FileRefused(f"it is not valid JSON at character {self._passed + at + 1}: {why}")
