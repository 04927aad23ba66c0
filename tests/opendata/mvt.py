"""Vector tiles read by the letter of their specification (https://github.com/mapbox/vector-tile-spec, version 2.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Feature:
    """A feature of a tile: its id (0 without one), properties, geometry type, and the ends of its moves and lines."""

    id: int
    properties: dict[str, Any]
    kind: int
    places: list[tuple[int, int]]

    @property
    def place(self) -> tuple[int, int]:
        (place,) = self.places
        return place


def layers(tile: bytes) -> dict[str, tuple[int, list[Feature]]]:
    """Extent and features of each layer by its name."""
    return dict(_layer(part) for number, part in _fields(tile) if number == 3)


def _layer(layer: bytes) -> tuple[str, tuple[int, list[Feature]]]:
    parts: dict[int, list[Any]] = {number: [] for number in (1, 2, 3, 4, 5, 15)}
    for number, value in _fields(layer):
        parts[number].append(value)
    keys = [key.decode() for key in parts[3]]
    values = [_value(value) for value in parts[4]]
    assert parts[15] == [2]
    return parts[1][0].decode(), (parts[5][0], [_feature(feature, keys, values) for feature in parts[2]])


def _feature(feature: bytes, keys: list[str], values: list[Any]) -> Feature:
    parts = dict(_fields(feature))
    tags = list(_varints(parts.get(2, b"")))
    properties = {keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)}
    places, at, geometry = [], (0, 0), iter(_varints(parts[4]))
    for command in geometry:
        for _time in range(command >> 3 if command & 7 != 7 else 0):
            at = at[0] + _zigzag(next(geometry)), at[1] + _zigzag(next(geometry))
            places.append(at)
    return Feature(parts.get(1, 0), properties, parts[3], places)


def _value(value: bytes) -> Any:
    ((number, found),) = _fields(value)
    match number:
        case 1:
            return found.decode()
        case 2:
            return struct.unpack("<f", found)[0]
        case 3:
            return struct.unpack("<d", found)[0]
        case 6:
            return _zigzag(found)
        case 7:
            return bool(found)
    return found


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        if key & 7 == 0:
            value, place = _varint(message, place)
        else:
            length, place = _varint(message, place) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], place)
            value, place = message[place : place + length], place + length
        yield key >> 3, value


def _varints(packed: bytes) -> Iterator[int]:
    place = 0
    while place < len(packed):
        number, place = _varint(packed, place)
        yield number


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
