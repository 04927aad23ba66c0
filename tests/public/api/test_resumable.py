"""/api/uploads/resumable/ as a client of tus 1.0.0 meets it; what the protocol demands is quoted from its text."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django.utils.http import parse_http_date
from PIL import Image
from pytest_django import Settings

from appeals.actions import resumable
from appeals.actions.resumable import IDLE_AGE, LENGTH_MAX, remove_idle
from appeals.actions.upload import remove_orphans
from appeals.identifiers import new_uuid7
from appeals.models import Attachment, ResumableUpload
from bootstrap.rates import Rate
from jobs.schedule import registered
from media import turns
from media.limits import PART_MAX, PART_TYPE
from media.storage import workshop
from tests.appeals.actions.test_upload import film as film_of
from tests.grid import GridCity
from tests.submissions import submission_document

pytestmark = pytest.mark.django_db

START = "/api/uploads/resumable/"
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
def _own_folders(stored_in: Path) -> None:
    """Nothing is stored among the files of other tests."""


@pytest.fixture(scope="module")
def film() -> bytes:
    return film_of("mp4")


def photo() -> bytes:
    picture = BytesIO()
    Image.new("RGB", (64, 48), "red").save(picture, "PNG")
    return picture.getvalue()


def announce(client: Client, length: object, *, upload_id: UUID | str = "", **more: Any) -> HttpResponse:
    metadata = f"filename {b64(b'film.mp4')}" + (f",id {b64(str(upload_id).encode())}" if upload_id else "")
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata, **more.pop("headers", {})}
    body = more.pop("body", b"")
    return client.generic("POST", START, body, PART_TYPE if body else "", headers=headers, **more)


def send(client: Client, place: str, offset: int, body: bytes, **headers: str) -> HttpResponse:
    return client.generic(
        "PATCH", place, body, PART_TYPE, headers={**TUS, "Upload-Offset": str(offset), **headers}
    )


def offset_of(client: Client, place: str) -> int:
    answer = client.head(place, headers=TUS)
    assert answer.status_code == 200
    return int(answer["Upload-Offset"])


def b64(content: bytes) -> str:
    return b64encode(content).decode()


def parts_on_disk() -> list[Path]:
    return [*workshop().glob("resumable-*")]


def test_a_film_in_three_parts_is_what_an_appeal_takes(city: GridCity, client: Client, film: bytes) -> None:
    upload_id = new_uuid7()
    begun = announce(client, len(film), upload_id=upload_id)
    # "the Server MUST respond with 201 Created and MUST set the Location header"
    assert (begun.status_code, begun["Tus-Resumable"], begun.content) == (201, "1.0.0", b"")
    place = begun["Location"]
    assert place == f"http://testserver{START}{upload_id}/"
    assert parse_http_date(begun["Upload-Expires"]) > timezone.now().timestamp()

    third = len(film) // 3
    for start, stop in ((0, third), (third, 2 * third), (2 * third, len(film))):
        # "The Server MUST always include the Upload-Offset header in the response for a HEAD request" and "the
        # Upload-Length header"; "MUST prevent the client and/or proxies from caching the response".
        asked = client.head(place, headers=TUS)
        assert (asked["Upload-Offset"], asked["Upload-Length"]) == (str(start), str(len(film)))
        assert asked["Cache-Control"] == "no-store"
        answer = send(client, place, start, film[start:stop])
        assert (answer.status_code, answer["Upload-Offset"]) == (204, str(stop))
    attachment = Attachment.objects.get()
    assert (attachment.pk, attachment.kind) == (upload_id, Attachment.Kind.VIDEO)
    assert attachment.original.read() == film
    assert bytes(attachment.digest) == hashlib.sha256(film).digest()
    assert parts_on_disk() == []
    # Whoever never heard of the end is told, and announces it once more in vain.
    assert offset_of(client, place) == len(film)
    assert announce(client, len(film), upload_id=upload_id)["Upload-Offset"] == str(len(film))

    body = submission_document(uploads=[str(upload_id)])
    stranger = Client().post("/api/appeals/", body, content_type="application/json")
    assert [*stranger.json()["errors"]] == ["uploads"]
    assert client.post("/api/appeals/", body, content_type="application/json").status_code == 201


def test_a_part_with_the_announcement(client: Client) -> None:
    answer = announce(client, len(photo()), body=photo())
    assert (answer.status_code, answer["Upload-Offset"]) == (201, str(len(photo())))
    # The identifier that the server made ends the address.
    assert str(Attachment.objects.get().pk) == answer["Location"].split("/")[-2]


def test_a_photo_s_preview_is_told_and_is_its_holder_s(client: Client) -> None:
    content = photo()
    place = announce(client, len(content))["Location"]
    link = send(client, place, 0, content)["Link"]
    assert link == f'<{Attachment.objects.get().thumb.url}>; rel="preview"'
    address = link[1 : link.index(">")]
    assert (client.get(address).status_code, Client().get(address).status_code) == (200, 404)


def test_the_same_announcement_again_is_the_same_upload(client: Client, film: bytes) -> None:
    upload_id = new_uuid7()
    place = announce(client, len(film), upload_id=upload_id)["Location"]
    send(client, place, 0, film[:500])
    again = announce(Client(), len(film), upload_id=upload_id)
    assert (again.status_code, again["Location"], again["Upload-Offset"]) == (201, place, "500")
    assert announce(client, len(film) + 1, upload_id=upload_id).status_code == 409


def test_what_the_protocol_refuses(client: Client, film: bytes) -> None:
    place = announce(client, len(film))["Location"]
    # "the Server MUST respond with the 412 Precondition Failed status and MUST include the Tus-Version header"
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = client.head(place, headers=headers)
        assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    # "If the offsets do not match, the Server MUST respond with the 409 Conflict status without modifying"
    assert send(client, place, 5, film[5:]).status_code == 409
    assert offset_of(client, place) == 0
    # "the 415 Unsupported Media Type status SHOULD be returned"
    wrong = client.patch(place, film, "application/json", headers={**TUS, "Upload-Offset": "0"})
    assert (wrong.status_code, wrong["Tus-Resumable"]) == (415, "1.0.0")
    assert client.patch(place, film, PART_TYPE, headers=TUS).status_code == 400
    # "the Server MUST return 413 Request Entity Too Large"
    assert announce(client, LENGTH_MAX + 1).status_code == 413
    assert announce(client, "").status_code == announce(client, "-1").status_code == 400
    assert announce(client, 0).status_code == 400
    assert announce(client, 5, upload_id="not one").status_code == 400
    heavy = client.generic(
        "PATCH",
        place,
        b"x",
        PART_TYPE,
        headers={**TUS, "Upload-Offset": "0"},
        CONTENT_LENGTH=str(PART_MAX + 1),
    )
    assert heavy.status_code == 413
    # More than was announced.
    assert send(client, place, 0, film + b"x").status_code == 400
    assert client.head(place, headers=TUS).status_code == 404
    assert client.head(f"{START}{new_uuid7()}/", headers=TUS).status_code == 404
    assert not Attachment.objects.exists()


def test_options_tell_what_is_spoken(client: Client) -> None:
    # "MUST contain the Tus-Version header"; the client need not say Tus-Resumable.
    for path in (START, f"{START}{new_uuid7()}/"):
        answer = client.options(path)
        assert answer.status_code == 204
        assert answer["Tus-Version"] == "1.0.0"
        assert answer["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration,termination"
        assert answer["Tus-Max-Size"] == str(LENGTH_MAX)
        # "A Server MUST support at least the SHA1 checksum algorithm identified by sha1."
        assert "sha1" in answer["Tus-Checksum-Algorithm"].split(",")


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_a_damaged_part_is_not_kept(client: Client, film: bytes, name: str) -> None:
    place = announce(client, len(film))["Location"]
    checksum = f"{name} {b64(hashlib.new(name, film[:700]).digest())}"
    # "the Server MUST respond with the 460 Checksum Mismatch status and MUST discard the chunk"
    assert send(client, place, 0, film[:699] + b"?", **{"Upload-Checksum": checksum}).status_code == 460
    assert offset_of(client, place) == 0
    assert send(client, place, 0, film[:700], **{"Upload-Checksum": checksum}).status_code == 204
    # "The Server MAY respond with 400 Bad Request if the checksum algorithm is not supported"
    assert send(client, place, 700, film[700:], **{"Upload-Checksum": "crc32 AAAA"}).status_code == 400


def test_an_upload_is_ended(client: Client, film: bytes) -> None:
    place = announce(client, len(film))["Location"]
    send(client, place, 0, film[:700])
    assert len(parts_on_disk()) == 1
    # "MUST respond with 204"; "For all future requests to this URL the Server SHOULD respond with 404 or 410"
    assert client.delete(place, headers=TUS).status_code == 204
    assert parts_on_disk() == []
    assert send(client, place, 700, film[700:]).status_code == 404
    assert client.delete(place, headers=TUS).status_code == 404


def test_methods_of_clients_that_can_only_post(client: Client, film: bytes) -> None:
    place = announce(client, len(film))["Location"]
    override = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    answer = client.generic("POST", place, film[:700], PART_TYPE, headers={**TUS, **override})
    assert (answer.status_code, answer["Upload-Offset"]) == (204, "700")
    assert client.post(place, headers=TUS).status_code == 405
    assert client.post(place, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204


class TestAfterAKill:
    def test_what_was_written_beyond_the_row_is_cut_off(self, client: Client, film: bytes) -> None:
        place = announce(client, len(film))["Location"]
        send(client, place, 0, film[:700])
        with parts_on_disk()[0].open("ab") as file:
            file.write(b"half of a part that nobody was told of")
        assert offset_of(client, place) == 700
        assert send(client, place, 700, film[700:]).status_code == 204
        assert Attachment.objects.get().original.read() == film

    def test_the_row_was_not_written_after_the_attachment(self, client: Client, film: bytes) -> None:
        place = announce(client, len(film))["Location"]
        send(client, place, 0, film[:700])
        kept = parts_on_disk()[0].read_bytes()
        send(client, place, 700, film[700:])
        upload_id = Attachment.objects.get().pk
        (workshop() / f"resumable-{upload_id}").write_bytes(kept)
        ResumableUpload.objects.update(offset=700)
        assert send(client, place, 700, film[700:]).status_code == 204
        assert Attachment.objects.get().original.read() == film

    @pytest.mark.parametrize("lost", ["file", "end"])
    def test_parts_that_are_not_there_begin_anew(self, client: Client, film: bytes, lost: str) -> None:
        upload_id = new_uuid7()
        place = announce(client, len(film), upload_id=upload_id)["Location"]
        send(client, place, 0, film[:700])
        part = parts_on_disk()[0]
        if lost == "file":
            part.unlink()
        else:
            os.truncate(part, 300)
        assert send(client, place, 700, film[700:]).status_code == 404
        assert announce(client, len(film), upload_id=upload_id)["Upload-Offset"] == "0"
        assert send(client, place, 0, film).status_code == 204


@contextmanager
def another_process_on(place: str) -> Iterator[None]:
    with (workshop() / f"resumable-{place.split('/')[-2]}").open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def test_two_processes_on_one_upload(client: Client, film: bytes) -> None:
    place = announce(client, len(film))["Location"]
    send(client, place, 0, film[:700])
    with another_process_on(place):
        assert send(client, place, 700, film[700:]).status_code == 423
        assert client.delete(place, headers=TUS).status_code == 423
        assert remove_idle(timezone.now() + IDLE_AGE + dt.timedelta(hours=1)) == 0
    assert send(client, place, 700, film[700:]).status_code == 204


class TestRefusals:
    def test_the_first_bytes_are_enough(self, client: Client) -> None:
        place = announce(client, 5_000_000)["Location"]
        answer = send(client, place, 0, b"MZ" + b"\0" * 500)
        assert (answer.status_code, [*answer.json()["errors"]]) == (400, ["file"])
        assert parts_on_disk() == []
        assert client.head(place, headers=TUS).status_code == 404

    def test_first_bytes_that_come_one_by_one(self, client: Client) -> None:
        place = announce(client, 5_000_000)["Location"]
        for offset in (0, 40):
            answer = send(client, place, offset, b"x" * 40)
        assert answer.status_code == 400

    def test_a_photo_too_heavy_for_one(self, client: Client) -> None:
        place = announce(client, 60_000_000)["Location"]
        answer = send(client, place, 0, photo())
        assert answer.status_code == 400

    def test_half_a_film_that_says_it_is_whole(self, client: Client, film: bytes) -> None:
        place = announce(client, len(film) - 100)["Location"]
        assert send(client, place, 0, film[:-100]).status_code == 400
        assert not Attachment.objects.exists()
        assert parts_on_disk() == []

    def test_another_file_under_a_known_identifier(self, client: Client, film: bytes) -> None:
        upload_id = new_uuid7()
        picture = BytesIO(photo())
        picture.name = "photo.png"
        sent = client.post("/api/uploads/", {"id": str(upload_id), "file": picture})
        assert sent.status_code == 201
        place = announce(client, len(film), upload_id=upload_id)["Location"]
        # Not 409, which would have a client ask for the offset and try again for ever.
        assert send(client, place, 0, film).status_code == 400


class TestLimits:
    def test_the_size_is_counted_before_it_comes(
        self, client: Client, settings: Settings, film: bytes
    ) -> None:
        settings.LIMITS = {"upload-megabytes": Rate(3, 1, 86_400)}
        assert announce(client, 2_000_000).status_code == 201
        answer = announce(client, 2_000_000)
        assert answer.status_code == 429
        assert answer["Retry-After"]
        # And not a second time at its end.
        place = announce(client, len(film))["Location"]
        assert send(client, place, 0, film).status_code == 204

    def test_the_last_part_is_sent_again_when_there_was_no_turn(self, client: Client) -> None:
        content = photo()
        place = announce(client, len(content))["Location"]
        send(client, place, 0, content[:70])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(turns, "THREADS_MAX", 0)
            answer = send(client, place, 70, content[70:])
            assert answer.status_code == 503
            assert answer["Retry-After"]
        assert offset_of(client, place) == 70
        assert send(client, place, 70, content[70:]).status_code == 204
        assert Attachment.objects.get().kind == Attachment.Kind.PHOTO

    def test_one_sender_s_share_of_the_disk(
        self, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resumable, "DISK_OF_ONE_SENDER", 1_000_000)
        settings.LIMITS = {"upload-megabytes": Rate(2, 1, 86_400)}
        assert announce(client, 600_000).status_code == 201
        for _time in range(3):
            # It costs nothing.
            assert announce(client, 600_000).status_code == 503
        assert announce(client, 600_000, REMOTE_ADDR="10.0.0.2").status_code == 201

    def test_who_has_most_makes_room(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, film: bytes
    ) -> None:
        monkeypatch.setattr(resumable, "DISK_MAX", 1_000_000)
        places = [announce(client, 300_000)["Location"] for _time in range(3)]
        assert announce(client, 300_000).status_code == 503
        assert announce(client, 500_000, REMOTE_ADDR="10.0.0.2").status_code == 201
        # As many of the stalest as it takes.
        assert [client.head(place, headers=TUS).status_code for place in places] == [404, 404, 200]

    def test_a_full_disk_is_said_and_costs_nothing(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, film: bytes
    ) -> None:
        def full(_file: int) -> None:
            raise OSError(28, "No space left on device")

        place = announce(client, len(film))["Location"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(resumable.os, "fsync", full)
            assert send(client, place, 0, film).status_code == 503
        assert send(client, place, 0, film).status_code == 204


def test_the_worker_collects_what_nobody_goes_on_with(client: Client, film: bytes) -> None:
    upload_id = new_uuid7()
    place = announce(client, len(film), upload_id=upload_id)["Location"]
    send(client, place, 0, film[:700])
    assert remove_idle(timezone.now() + IDLE_AGE - dt.timedelta(minutes=5)) == 0
    assert remove_idle(timezone.now() + IDLE_AGE + dt.timedelta(minutes=5)) == 1
    assert (parts_on_disk(), ResumableUpload.objects.count()) == ([], 0)
    assert "appeals.actions.resumable.remove_idle" in {job.name for job in registered()}


def test_a_film_that_waited_too_long_for_its_appeal_is_sent_anew(client: Client, film: bytes) -> None:
    upload_id = new_uuid7()
    place = announce(client, len(film), upload_id=upload_id)["Location"]
    send(client, place, 0, film)
    assert remove_orphans(timezone.now() + dt.timedelta(days=2)) == 1
    assert announce(client, len(film), upload_id=upload_id)["Upload-Offset"] == "0"
    assert send(client, place, 0, film).status_code == 204
    assert Attachment.objects.get().pk == upload_id
