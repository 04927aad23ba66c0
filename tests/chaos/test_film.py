"""A film that arrives in parts goes on where it was, whichever web process is killed in the middle of which part."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import struct
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import requests

from appeals.identifiers import new_uuid7
from tests.browser.test_refused_files import film
from tests.chaos.city import City, wait_until_whole

NOISE = 24_000_000
PART = 256 * 1024
#: Every so many parts all web processes are killed, while one more is on its way.
KILL_EVERY = 16


def test_a_film_is_whole_after_every_web_process_was_killed(city: City, figure: list[str]) -> None:
    content = film("film.mp4", 1)["buffer"]
    content += struct.pack(">I4s", NOISE + 8, b"free") + os.urandom(NOISE)
    upload_id = new_uuid7()
    place = f"{city.url}/api/uploads/resumable/{upload_id}/"
    tus = {"Tus-Resumable": "1.0.0"}
    named = {
        "Upload-Metadata": f"id {b64encode(str(upload_id).encode()).decode()}",
        "Upload-Length": str(len(content)),
    }
    begun = requests.post(f"{city.url}/api/uploads/resumable/", headers=tus | named, timeout=30)
    assert begun.status_code == 201, begun.text

    offset, sent, kills = 0, 0, 0
    while offset < len(content):
        part = content[offset : offset + PART]
        headers = tus | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        kills_now = sent and not sent // PART % KILL_EVERY
        sent += len(part)
        try:
            if kills_now:
                kills += _killed_in_the_middle(city, place, part, headers)
                raise requests.ConnectionError
            answer = requests.patch(place, part, headers=headers, timeout=60)
            assert answer.status_code == 204, answer.text
            offset = int(answer.headers["Upload-Offset"])
        except requests.RequestException:
            wait_until_whole(city)
            known = requests.head(place, headers=tus, timeout=30)
            assert known.status_code == 200
            told = int(known.headers["Upload-Offset"])
            assert offset <= told <= offset + len(part)
            offset = told
    ((digest, original),) = city.ask(
        "SELECT digest, original FROM appeals_attachment WHERE id = %s", str(upload_id)
    )
    assert bytes(digest) == hashlib.sha256(content).digest()
    kept = next(Path(city.checkout.var).rglob(Path(original).name))
    assert kept.read_bytes() == content
    figure.append(
        f"a film of {len(content) / 1e6:.0f} MB: {kills} web processes killed, {sent / len(content):.3f} of it sent in all"
    )


def _killed_in_the_middle(city: City, place: str, part: bytes, headers: dict[str, str]) -> int:
    """Sends the part while every web process dies; their number."""

    def slowly() -> Iterator[bytes]:
        half = len(part) // 2
        yield part[:half]
        time.sleep(random.uniform(0, 0.05))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        yield part[half:]

    pids = city.web_processes()
    with suppress(requests.RequestException):
        requests.patch(place, slowly(), headers=headers | {"Content-Length": str(len(part))}, timeout=60)
    return len(pids)
