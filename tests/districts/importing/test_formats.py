"""GeoPackage, zipped Shapefile, KML and KMZ in any CRS give the same districts as GeoJSON, or are refused in words."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas
import pytest
import shapely
from django.core.management import CommandError

from districts.importing import formats
from districts.models import BoundaryRevision, DistrictBoundary
from tests.districts.importing.test_areas import run
from tests.grid import GridCity, spot

#: An L, a square in its notch, and a square with a hole.
SHAPES = {
    "ell": [(0, 0), (4, 0), (4, 2), (2, 2), (2, 4), (0, 4)],
    "Чырак 1": [(2, 2), (4, 2), (4, 4), (2, 4)],
    "ring": [(4, 0), (8, 0), (8, 4), (4, 4)],
}
HOLE = [(5, 1), (7, 1), (7, 3), (5, 3)]
CODES = {"ell", "chyrak-1", "ring"}


def areas(crs: int = 4326) -> geopandas.GeoDataFrame:
    shapes = [
        shapely.Polygon(
            [spot(*corner) for corner in ring], [[spot(*corner) for corner in HOLE]] * (code == "ring")
        )
        for code, ring in SHAPES.items()
    ]
    frame = geopandas.GeoDataFrame(
        {"code": list(SHAPES), "title": [f"Аймак {code}" for code in SHAPES]}, geometry=shapes, crs=4326
    )
    return frame.to_crs(crs)


def zipped(folder: Path, frame: geopandas.GeoDataFrame, *, without: str = "", inside: str = "") -> Path:
    made = folder / "shape"
    made.mkdir()
    frame.to_file(made / "areas.shp", encoding="utf-8")
    path = folder / "areas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(made.iterdir()):
            if not without or part.suffix != without:
                archive.write(part, f"{inside}{part.name}")
    return path


def written(folder: Path, kind: str) -> Path:
    """The areas as a file of that kind."""
    match kind:
        case "gpkg":
            areas(28413).to_file(folder / "areas.gpkg", driver="GPKG")
            return folder / "areas.gpkg"
        case "misnamed":
            return written(folder, "gpkg").rename(folder / "areas.geojson")
        case "shapefile":
            return zipped(folder, areas(4284))
        case "shapefile in a folder":
            return zipped(folder, areas(32643), inside="export/ГИС/")
        case "kml":
            areas().to_file(folder / "areas.kml", driver="KML")
            return folder / "areas.kml"
        case _:
            with zipfile.ZipFile(folder / "areas.kmz", "w") as archive:
                archive.write(written(folder, "kml"), "doc.kml")
            return folder / "areas.kmz"


@pytest.mark.parametrize("kind", ["gpkg", "misnamed", "shapefile", "shapefile in a folder", "kml", "kmz"])
def test_the_same_districts_whatever_the_file(city: GridCity, tmp_path: Path, kind: str) -> None:
    out, _ = run(written(tmp_path, kind), "--revision", "next")
    assert "3 features read, 0 refused, 3 new" in out
    expected = {
        "gpkg": "EPSG:28413",
        "misnamed": "EPSG:28413",
        "shapefile": "4284",
        "kml": "4326",
        "kmz": "4326",
    }
    assert expected.get(kind, "EPSG:32643") in out
    found = {row.district.code: row for row in DistrictBoundary.objects.filter(district__code__in=CODES)}
    assert set(found) == CODES
    frame = areas()
    for code, expected_shape in zip(("ell", "chyrak-1", "ring"), frame.geometry, strict=True):
        shape = shapely.from_wkb(bytes(found[code].geom.wkb))
        # Within a centimetre or two of where they were drawn.
        assert shapely.hausdorff_distance(shape, expected_shape) < 3e-7
        assert shape.geoms[0].exterior.is_ccw
    assert found["chyrak-1"].name_ky == "Аймак Чырак 1"
    assert len(found["ring"].geom[0]) == 2


def test_one_layer_of_several(city: GridCity, tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    areas().to_file(path, driver="GPKG", layer="districts")
    areas().iloc[:1].to_file(path, driver="GPKG", layer="wards")
    with pytest.raises(CommandError, match="several layers, name one with --file-layer: districts, wards"):
        run(path)
    with pytest.raises(CommandError, match="no layer 'streets'; it has: districts, wards"):
        run(path, "--file-layer", "streets")
    out, _ = run(path, "--file-layer", "wards")
    assert "1 features read" in out


def test_a_shapefile_without_its_prj_says_nothing_of_where_it_lies(city: GridCity, tmp_path: Path) -> None:
    path = zipped(tmp_path, areas(32643), without=".prj")
    with pytest.raises(CommandError, match="declares no coordinate reference system"):
        run(path)
    out, _ = run(path, "--crs", "EPSG:32643")
    assert "EPSG:32643 (WGS 84 / UTM zone 43N)" in out


def test_a_crs_that_contradicts_the_file_is_refused(city: GridCity, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"declares EPSG:28413 \(.*\), not EPSG:4326"):
        run(written(tmp_path, "gpkg"), "--crs", "EPSG:4326")


@pytest.mark.parametrize("crs", ["EPSG:4978", "EPSG:4024", "EPSG:5703"])
def test_a_crs_without_a_way_to_degrees_is_refused(city: GridCity, tmp_path: Path, crs: str) -> None:
    """Metres from the middle of the earth, an unknown datum, heights."""
    with pytest.raises(CommandError, match="no way is known from its coordinate reference system"):
        run(zipped(tmp_path, areas(), without=".prj"), "--crs", crs)


def test_lines_are_no_areas(city: GridCity, tmp_path: Path) -> None:
    frame = areas()
    frame.geometry = frame.boundary
    frame.to_file(tmp_path / "lines.gpkg", driver="GPKG")
    with pytest.raises(CommandError, match="3 of 3 features were refused"):
        run(tmp_path / "lines.gpkg")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("areas.shp", b"\x00\x00\x27\x0a", "pack the .shp with its .dbf"),
        ("areas.gpkg", b"SQLite format 3\x00" + b"\x00" * 200, "damaged, or not what it seems"),
        ("areas.zip", b"PK\x03\x04" + b"junk" * 50, "damaged, or not what it seems"),
        ("areas.kml", b"<?xml version='1.0'?><kml><Document><Place", "damaged|no layer"),
        # A virtual data set would have GDAL read another file.
        ("areas.vrt", b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>", "expected {"),
        (
            "areas.kml",
            b"<OGRVRTDataSource><!-- <kml> --><OGRVRTLayer name='passwd'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
            "damaged|not a format|no layer|declares",
        ),
    ],
)
def test_what_is_none_of_them(city: GridCity, tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        run(path)
    assert BoundaryRevision.objects.count() == 1


def test_an_archive_without_shapes(city: GridCity, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "areas.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    with pytest.raises(CommandError, match="holds no Shapefile"):
        run(tmp_path / "areas.zip")


@pytest.mark.parametrize(
    ("limit", "words"),
    [("_MEMORY_BYTES", "could not be read here|damaged or far too large"), ("_SECONDS", "no reply after")],
)
def test_a_file_that_takes_too_much_ends_its_reader_alone(
    city: GridCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    path = zipped(tmp_path, areas())
    monkeypatch.setattr(formats, limit, {"_MEMORY_BYTES": 64 * 1024**2, "_SECONDS": 0.01}[limit])
    with pytest.raises(CommandError, match=words):
        run(path)
    assert BoundaryRevision.objects.count() == 1


def in_cp1251(folder: Path, *, cpg: str | None, language_id: int = 0) -> Path:
    """A Shapefile of CP1251 text that declares its encoding in a .cpg, by the number in its .dbf, or not at all."""
    made = folder / "russian"
    made.mkdir()
    frame = areas()
    frame["title"] = ["Район", "Чырак", "Кольцо"]
    frame.to_file(made / "areas.shp", encoding="cp1251")
    (made / "areas.cpg").unlink()
    if cpg is not None:
        (made / "areas.cpg").write_text(cpg, encoding="ascii")
    table = bytearray((made / "areas.dbf").read_bytes())
    table[29] = language_id
    (made / "areas.dbf").write_bytes(table)
    path = folder / "areas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(made.iterdir()):
            archive.write(part, part.name)
    return path


def names() -> set[str]:
    return set(
        DistrictBoundary.objects.filter(district__code__in=CODES | {"ring"}).values_list("name_ky", flat=True)
    )


@pytest.mark.parametrize("language_id", [0, 0x57])
def test_text_of_an_encoding_that_nobody_names_is_refused(
    city: GridCity, tmp_path: Path, language_id: int
) -> None:
    """0x57 is "the encoding of this computer", which is another one here."""
    path = in_cp1251(tmp_path, cpg=None, language_id=language_id)
    with pytest.raises(
        CommandError, match=r"does not say in which encoding its text is .*\.cpg.*--encoding, such as cp1251"
    ):
        run(path, "--revision", "next")
    assert not BoundaryRevision.objects.filter(name="next").exists()
    run(path, "--revision", "next", "--encoding", "cp1251")
    assert names() == {"Район", "Чырак", "Кольцо"}


@pytest.mark.parametrize(("cpg", "language_id"), [("1251", 0), (None, 0xC9)])
def test_text_of_the_encoding_that_a_shapefile_declares(
    city: GridCity, tmp_path: Path, cpg: str | None, language_id: int
) -> None:
    run(in_cp1251(tmp_path, cpg=cpg, language_id=language_id), "--revision", "next")
    assert names() == {"Район", "Чырак", "Кольцо"}


def test_an_encoding_that_is_declared_wrongly(city: GridCity, tmp_path: Path) -> None:
    path = in_cp1251(tmp_path, cpg="UTF-8")
    with pytest.raises(CommandError, match="its text is not in the encoding that it declares"):
        run(path)
    with pytest.raises(CommandError, match="its text is not utf-8"):
        run(path, "--encoding", "utf-8")
    run(path, "--encoding", "cp1251", "--revision", "next")
    assert names() == {"Район", "Чырак", "Кольцо"}


def test_plain_letters_need_no_encoding(city: GridCity, tmp_path: Path) -> None:
    frame = areas()
    frame["code"], frame["title"] = ["a", "b", "c"], ["A", "B", "C"]
    out, _ = run(zipped(tmp_path, frame, without=".cpg"))
    assert "3 new" in out


def test_geojson_of_another_encoding(city: GridCity, tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(areas().to_json(ensure_ascii=False).replace("Аймак", "Район"), encoding="cp1251")
    with pytest.raises(CommandError, match="not UTF-8 text: line 1.*name it with --encoding"):
        run(path)
    run(path, "--encoding", "cp1251", "--revision", "next")
    assert "Район Чырак 1" in names()


@pytest.mark.parametrize(
    ("kind", "encoding"), [("gpkg", "cp1251"), ("kml", "cp1251"), ("shapefile", "klingon")]
)
def test_an_encoding_that_cannot_be(city: GridCity, tmp_path: Path, kind: str, encoding: str) -> None:
    words = "'klingon' is not a character encoding" if encoding == "klingon" else "its format says in which"
    with pytest.raises(CommandError, match=words):
        run(written(tmp_path, kind), "--encoding", encoding)


def test_a_format_that_is_not_read_is_named_no_text(city: GridCity, tmp_path: Path) -> None:
    path = tmp_path / "areas.fgb"
    areas().to_file(path, driver="FlatGeobuf")
    with pytest.raises(
        CommandError, match="not of a format that is read: GeoJSON, GeoPackage, zipped Shapefile"
    ):
        run(path)
