"""External text files, plain or gzip: read to the end once before any of it is trusted."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TextIO

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK\x03\x04"
_CHUNK: Final = 1 << 20
#: Unpacked bytes of one file; a small gzip file may unpack endlessly.
MAX_BYTES: Final = 8 << 30


class FileRefused(Exception):
    """The file is not in the expected format; ``str()`` says why and where."""


@dataclass(frozen=True)
class TextFile:
    """A file that was read to the end and is text; ``lines`` is its number of newlines."""

    path: Path
    encoding: str
    lines: int
    starts_with: str

    @contextmanager
    def opened(self) -> Iterator[TextIO]:
        """The text, without a byte order mark, with unchanged newlines (as the csv module needs them)."""
        with (
            _binary(self.path) as stream,
            io.TextIOWrapper(stream, encoding=self.encoding, newline="") as text,
        ):
            yield text


def examine(path: Path, *, encoding: str = "utf-8", named_by: str = "") -> TextFile:
    """The file, checked to the end: it exists, is not empty, unpacks (if its content is gzip) and is text.

    Raises ``FileRefused``; where the text is of another encoding, the words say that it is named by ``named_by``.
    """
    decoder, in_utf8 = _decoder(encoding), _Utf8()
    lines, size, head = 0, 0, ""
    try:
        with _binary(path) as stream:
            while chunk := stream.read(_CHUNK):
                if not size and chunk.startswith(_ZIP_MAGIC):
                    raise FileRefused(f"{path.name} is a spreadsheet or another zip archive: save it as CSV")
                size += len(chunk)
                if size > MAX_BYTES:
                    raise FileRefused(f"{path.name} unpacks to more than {MAX_BYTES >> 30} GB")
                text = _decoded(decoder, chunk, path, lines, named_by)
                in_utf8.read(chunk)
                lines += chunk.count(b"\n")
                head = head or text.lstrip()[:1]
            _decoded(decoder, b"", path, lines, named_by, final=True)
    except FileNotFoundError:
        raise FileRefused(f"{path}: no such file") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise FileRefused(
            f"{path.name} is a damaged or truncated gzip file: it cannot be unpacked after line {lines + 1}"
        ) from None
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror}") from None
    if not head:
        raise FileRefused(f"{path.name} is empty")
    if in_utf8.proven and codecs.lookup(encoding).name not in {"utf-8", "utf-8-sig"}:
        # Nearly every byte is a letter in the encodings of one byte, so that they decode it to nonsense in silence.
        raise FileRefused(f"{path.name} is UTF-8 text, not {encoding}")
    return TextFile(path, _without_mark(encoding), lines, head)


def known_encoding(name: str) -> str:
    """The name, which is that of a character encoding. Raises ``FileRefused`` for any other."""
    try:
        # Python also calls "encodings" what turns bytes into bytes, such as base64.
        b" ".decode(name, "ignore")
    except LookupError:
        raise FileRefused(f"{name!r} is not a character encoding") from None
    return name


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(_without_mark(known_encoding(encoding)))()


class _Utf8:
    """Whether bytes can only be UTF-8: they are valid, and some of them are not ASCII."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._valid, self._beyond_ascii = True, False

    def read(self, chunk: bytes) -> None:
        self._beyond_ascii = self._beyond_ascii or not chunk.isascii()
        try:
            if self._valid:
                self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self._valid = False

    @property
    def proven(self) -> bool:
        return self._valid and self._beyond_ascii


def _without_mark(encoding: str) -> str:
    # Spreadsheet programs start UTF-8 with a byte order mark, which would become part of the first column's
    # name.
    return "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding


def _decoded(
    decoder: codecs.IncrementalDecoder,
    chunk: bytes,
    path: Path,
    lines: int,
    named_by: str,
    *,
    final: bool = False,
) -> str:
    try:
        text = decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line = lines + bytes(error.object)[: error.start].count(b"\n") + 1
        how = f". If it has another encoding, name it with {named_by}" if named_by else ""
        raise FileRefused(
            f"{path.name} is not {error.encoding.upper()} text: line {line} has the byte "
            f"0x{error.object[error.start]:02x}{how}"
        ) from None
    if "\x00" in text:
        line = lines + text[: text.index("\x00")].count("\n") + 1
        raise FileRefused(f"{path.name} is not a text file: line {line} has a NUL character")
    return text


@contextmanager
def _binary(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as raw:
        magic = raw.read(2)
        raw.seek(0)
        if magic != _GZIP_MAGIC:
            yield raw
            return
        with gzip.open(raw) as unpacked:
            yield io.BufferedReader(unpacked, _CHUNK)
