"""The index of a FlatGeobuf file, held against GDAL's own: as GDAL reads it, and to the byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

from geo.flatgeobuf import BOX, write_index

WINDOWS = [(1, 1, 2, 2), (0, 0, 10, 10), (3.3, 4.4, 3.9, 7), (20, 20, 30, 30)]


def _frame(count: int, *, areas: bool = False) -> Any:
    """So many places of a grid's rows, with texts of which one is larger than what is read at once."""
    random = np.random.default_rng(count)
    lon, lat = random.uniform(0, 10, (2, count))
    order = np.lexsort((lon, np.floor(lat)))
    places = shapely.points(lon[order], lat[order])
    texts = ["я" * (1_000_000 if n == 3 else n % 50) for n in range(count)]
    shapes = shapely.buffer(places, 0.1, quad_segs=2) if areas else places
    return geopandas.GeoDataFrame({"n": range(count), "text": texts}, geometry=list(shapes), crs=4326)


def _written(frame: Any, folder: Path, name: str, *, index: bool) -> Path:
    path = folder / name
    kind = "Polygon" if frame.geom_type.isin(["Polygon"]).any() else "Point"
    pyogrio.write_dataframe(
        frame, path, geometry_type=kind, layer="n", SPATIAL_INDEX="YES" if index else "NO"
    )
    return path


def _indexed(frame: Any, folder: Path) -> Path:
    plain, boxes = _written(frame, folder, "plain.fgb", index=False), folder / "boxes"
    boxes.write_bytes(frame.bounds.to_numpy().astype(BOX.base).tobytes())
    write_index(plain, boxes, folder / "ours.fgb")
    return folder / "ours.fgb"


@pytest.mark.parametrize("areas", [False, True])
@pytest.mark.parametrize("count", [1, 2, 16, 17, 257])
def test_all_and_each_window_are_read_as_of_a_file_that_gdal_indexed(
    tmp_path: Path, count: int, areas: bool
) -> None:
    frame = _frame(count, areas=areas)
    ours, theirs = _indexed(frame, tmp_path), _written(frame, tmp_path, "theirs.fgb", index=True)
    assert ours.stat().st_size == theirs.stat().st_size
    told, by_gdal = pyogrio.read_info(ours), pyogrio.read_info(theirs)
    assert told["capabilities"]["fast_spatial_filter"]
    for name in ("features", "total_bounds", "capabilities", "crs", "fields"):
        assert str(told[name]) == str(by_gdal[name]), name
    read = pyogrio.read_dataframe(ours)
    assert read["n"].tolist() == frame["n"].tolist()
    assert read["text"].tolist() == frame["text"].tolist()
    for window in WINDOWS:
        within, expected = (set(pyogrio.read_dataframe(path, bbox=window)["n"]) for path in (ours, theirs))
        assert within == expected == set(frame.cx[window[0] : window[2], window[1] : window[3]]["n"])


def test_a_reader_finds_the_place_of_a_feature_by_the_index_alone(tmp_path: Path) -> None:
    """With one of the first broken, all cannot be read, but a window that does not hold it can."""
    frame = _frame(400)
    path = _indexed(frame, tmp_path)
    raw = bytearray(path.read_bytes())
    at = raw.find("я".encode() * 1_000)
    raw[at - 150 : at] = b"\xff" * 150
    path.write_bytes(raw)
    with pytest.raises(pyogrio.errors.FeatureError):
        pyogrio.read_dataframe(path)
    assert len(pyogrio.read_dataframe(path, bbox=(0, 8, 10, 10))) == (frame.geometry.y >= 8).sum()


def test_nothing_has_no_index(tmp_path: Path) -> None:
    assert len(pyogrio.read_dataframe(_indexed(_frame(0), tmp_path))) == 0


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    frame = _frame(20)
    indexed = _indexed(frame, tmp_path)
    with pytest.raises(ValueError, match="has an index"):
        write_index(indexed, tmp_path / "boxes", tmp_path / "again.fgb")
    (tmp_path / "boxes").write_bytes(bytes(BOX.itemsize * 19))
    with pytest.raises(ValueError, match="20 features and 19 boxes"):
        write_index(tmp_path / "plain.fgb", tmp_path / "boxes", tmp_path / "again.fgb")
