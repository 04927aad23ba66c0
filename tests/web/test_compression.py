"""Pages and answers of the API by brotli, else by gzip, and never of a length that tells what is in them."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.test import Client

from tests.grid import GridCity
from web.compression import compress


@pytest.mark.parametrize("padding", [1, 2, 100, 256])
@pytest.mark.parametrize("content", [b"x", b"words " * 5_000, bytes(range(256)) * 40])
def test_what_says_nothing_is_not_read(content: bytes, padding: int) -> None:
    stream = compress(content, padding=padding)
    assert brotli.decompress(stream) == content
    assert len(stream) - len(compress(content, padding=1)) == padding - 1


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br", "br"),
        ("br;q=0.1, gzip", "br"),
        ("gzip, br;q=0", "gzip"),
        ("gzip, br; q=0.000, deflate", "gzip"),
        ("gzip", "gzip"),
        ("brr, gzip;q=1", "gzip"),
        ("identity", ""),
        ("gzip;q=0", ""),
        ("br;q=x", "br"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("path", ["/en/appeals/new/", "/api/districts.geojson"])
def test_each_has_the_coding_that_it_takes(
    city: GridCity, client: Client, path: str, accepted: str, coding: str
) -> None:
    plain = client.get(path)
    answer = client.get(path, headers={"accept-encoding": accepted})
    assert answer.get("Content-Encoding", "") == coding
    assert "Accept-Encoding" in answer["Vary"]
    read = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[coding]
    assert len(read(answer.content)) == len(plain.content)
    if coding:
        assert int(answer["Content-Length"]) == len(answer.content) < len(plain.content)


def test_the_length_is_another_each_time(city: GridCity, client: Client) -> None:
    takes = {"accept-encoding": "br"}
    lengths = {len(client.get("/en/about/", headers=takes).content) for _time in range(12)}
    assert len(lengths) > 4


def test_what_is_not_changed_is_not_sent_again(city: GridCity, client: Client) -> None:
    path, takes = "/api/districts.geojson", {"accept-encoding": "br"}
    first = client.get(path, headers=takes)
    assert first["ETag"].startswith('W/"')
    again = client.get(path, headers=takes | {"if-none-match": first["ETag"]})
    assert again.status_code == 304
