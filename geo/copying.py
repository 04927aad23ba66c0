"""The process that has PostgreSQL copy lines into a file: its order is one line of JSON on its input, its reply one on its output.

Knows no Django, and starts in a tenth of a second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import closing
from typing import Any, BinaryIO, Final

import psycopg2

from geo.row_frames import framed

#: Rows come one by one: so many bytes of them are written together.
_AT_ONCE: Final = 256 * 1024
#: The same of rows in frames, of which each costs the reader the same, however many rows it has.
_FRAME_BYTES: Final = 4 * 1024**2
#: Before the first row of a copy in binary form: its mark, flags and no extension.
_HEAD_BYTES: Final = 19
#: Behind the last one.
_END: Final = b"\xff\xff"


def main(orders: BinaryIO, replies: BinaryIO) -> None:
    """Writes the lines that are ordered to the inherited ``file``; replies with their ``count``, or why it failed."""
    order = json.loads(orders.readline())
    reply: dict[str, Any]
    try:
        reply = {"count": _copied(order)}
    except psycopg2.Error as error:
        reply = {"database": str(error)}
    except OSError as error:
        reply = {"errno": error.errno}
    replies.write(json.dumps(reply).encode())


def _copied(order: dict[str, Any]) -> int:
    with (
        closing(psycopg2.connect(**order["parameters"])) as connection,
        os.fdopen(order["file"], "wb", buffering=_AT_ONCE) as file,
        connection.cursor() as cursor,
    ):
        connection.autocommit = True
        cursor.execute(
            "SELECT set_config(name, value, false) FROM json_each_text(%s) AS wanted(name, value)",
            [json.dumps(order["settings"])],
        )
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [order["snapshot"]])
        copy = " ".join(["COPY (", order["statement"], ") TO STDOUT WITH (", order["form"], ")"])
        if order["framed"]:
            frames = _Framed(file)
            cursor.copy_expert(copy, frames)
            frames.end()
        else:
            mark = order["before"].encode()
            cursor.copy_expert(copy, _Marked(file, mark) if mark else file)
        return int(cursor.rowcount)


class _Marked:
    """Writes the mark before each row, as the rows come: one by one. The statement so stays the same whatever stands there."""

    def __init__(self, file: BinaryIO, mark: bytes) -> None:
        self._file, self._mark = file, mark

    def write(self, row: bytes) -> None:
        self._file.write(self._mark)
        self._file.write(row)


class _Framed:
    """Writes rows in binary form as frames: each message of the server is one row."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rows: list[bytes] = []
        taking = self._taking()
        next(taking)
        #: The driver calls it for each row: what goes on costs less than what begins.
        self.write = taking.send

    def end(self) -> None:
        """Writes the last ones."""
        self._file.write(framed(self._rows, typed=False))

    def _taking(self) -> Generator[None, bytes, None]:
        row = (yield)[_HEAD_BYTES:]
        size = 0
        while True:
            if row != _END:
                self._rows.append(row)
                size += len(row)
            if size >= _FRAME_BYTES:
                self._file.write(framed(self._rows, typed=False))
                self._rows.clear()
                size = 0
            row = yield


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
