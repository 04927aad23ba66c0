"""Reading GeoJSON feature by feature gives the same result as reading it whole."""

from __future__ import annotations

import io
import json
import unicodedata
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from districts.importing import features
from districts.importing.features import read_features
from districts.importing.files import FileRefused

#: Texts are read in NFC: those that are in it stay as they are.
texts = st.text().map(partial(unicodedata.normalize, "NFC"))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
properties = st.dictionaries(texts, scalars | st.lists(scalars, max_size=3), max_size=4)


def collection(members: list[object], **extra: object) -> dict[str, object]:
    return {**extra, "type": "FeatureCollection", "features": members}


def feature(values: object, geometry: object = None) -> dict[str, object]:
    return {"type": "Feature", "properties": values, "geometry": geometry}


@given(
    rows=st.lists(properties, max_size=6),
    extra=st.dictionaries(st.text().filter(lambda key: key not in ("type", "features")), scalars, max_size=3),
    window=st.integers(1, 40),
    indent=st.none() | st.integers(0, 2),
)
def test_the_same_as_reading_it_whole(
    rows: list[dict[str, object]], extra: dict[str, object], window: int, indent: int | None
) -> None:
    text = json.dumps(
        collection([feature(row, {"n": n}) for n, row in enumerate(rows)], **extra), indent=indent
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "_CHUNK", window)
        found = list(read_features(io.StringIO(text)))
    assert [one.properties for one in found] == rows
    assert [one.n for one in found] == list(range(1, len(rows) + 1))
    assert [one.geometry for one in found] == [{"n": n} for n in range(len(rows))]


def test_a_single_feature_is_a_file_too() -> None:
    (found,) = read_features(io.StringIO(json.dumps(feature({"a": 1}))))
    assert found.properties == {"a": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", r"character 1: expected \{"),
        ("{", "JSON"),
        ("{}", "FeatureCollection"),
        ('{"type": "Topology", "objects": {}}', "FeatureCollection"),
        ('{"type": "Topology", "features": []}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": {}}', r"expected \["),
        ('{"features": [1]}', "feature 1 is not"),
        ('{"features": [{"type": "Feature"}, {}]}', "feature 2 is not"),
        ('{"features": [{"type": "Feature", "properties": {"a": NaN}}]}', "NaN"),
        ('{"features": [{"type": "Feature", "properties": {"a": -Infinity}}]}', "Infinity"),
        ('{"features": [{"type": "Feature"}', "JSON at character 34"),
        ('{"features": [{"type": "Feature"} {"type": "Feature"}]}', r"expected \]"),
        ('{"features": []} {}', "data after the end"),
        ('{"features": [' + "[" * 100_000, "JSON"),
        ('{"features": [' + "9" * 10_000 + "]}", "JSON"),
        ("{1: 2}", "JSON|key"),
    ],
)
def test_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        list(read_features(io.StringIO(text)))
