"""External files: read to the end before any of it is trusted."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from districts.importing import files
from districts.importing.files import FileRefused, examine


def written(folder: Path, content: bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def text_of(path: Path, encoding: str = "utf-8") -> str:
    with examine(path, encoding=encoding).opened() as stream:
        return stream.read()


@pytest.mark.parametrize("content", ["а,б\r\n1,2\r\n".encode(), b"\xef\xbb\xbf" + "а,б\r\n1,2\r\n".encode()])
def test_text_with_and_without_a_mark(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    assert text_of(path) == "а,б\r\n1,2\r\n"
    assert examine(path).lines == 2


def test_gzip_is_detected_by_content_not_by_name(tmp_path: Path) -> None:
    assert text_of(written(tmp_path, gzip.compress(b"a,b\n"), "table.csv")) == "a,b\n"
    assert text_of(written(tmp_path, b"a,b\n", "table.csv.gz")) == "a,b\n"


def test_another_encoding_by_name(tmp_path: Path) -> None:
    assert text_of(written(tmp_path, "Ош".encode("cp1251")), "cp1251") == "Ош"


def test_the_wrong_byte_is_reported(tmp_path: Path) -> None:
    assert examine(written(tmp_path, b" \n {}")).starts_with == "{"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"a,b\nline,2\nOs\xe9,3\n", "not UTF-8.* line 3 has the byte 0xe9"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8.* line 1"),
        (b"a\nb\x00c\n", "line 2 has a NUL"),
        (b"caf\xc3", "not UTF-8"),
        (gzip.compress(b"a,b\n" * 100_000)[:-300], "damaged or truncated gzip"),
        (gzip.compress(b"a,b\n" * 10)[:4], "damaged or truncated gzip"),
        (b"\x1f\x8bnot really gzip", "damaged or truncated gzip"),
    ],
)
def test_refused_with_a_reason(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        examine(written(tmp_path, content))


def test_the_line_is_counted_over_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_CHUNK", 3)
    with pytest.raises(FileRefused, match="line 5 "):
        examine(written(tmp_path, "а\nб\nв\nг\n".encode() + b"\xff\n"))
    assert text_of(written(tmp_path, "а\nбв".encode())) == "а\nбв"


def test_missing_files_and_encodings(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no such file"):
        examine(tmp_path / "absent.csv")
    with pytest.raises(FileRefused, match="directory"):
        examine(tmp_path)
    with pytest.raises(FileRefused, match="not a character encoding"):
        examine(written(tmp_path, b"a"), encoding="klingon")


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1 << 20)
    with pytest.raises(FileRefused, match="unpacks to more than"):
        examine(written(tmp_path, gzip.compress(b" " * (3 << 20))))
