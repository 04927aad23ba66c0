from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.workflow import HIDE
from tests.factories import AttachmentFactory, MembershipFactory
from tests.grid import GridCity

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(media_root: Path) -> bytes:
    content = bytes(range(256)) * 40
    (media_root / "videos").mkdir()
    (media_root / "videos" / "a.mp4").write_bytes(content)
    return content


def body(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_file_is_served_whole_and_cached_for_ever(client: Client, video: bytes) -> None:
    response = client.get("/media/videos/a.mp4", headers={"accept-encoding": "gzip"})
    assert (response.status_code, body(response)) == (200, video)
    assert response["Content-Type"] == "video/mp4"
    assert response["Accept-Ranges"] == "bytes"
    assert "immutable" in response["Cache-Control"]
    assert "Content-Encoding" not in response


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-1", 0, 1), ("bytes=100-", 100, 10239), ("bytes=-16", 10224, 10239)],
)
def test_a_range_is_served_as_safari_requests_it(
    client: Client, video: bytes, header: str, first: int, last: int
) -> None:
    response = client.get("/media/videos/a.mp4", headers={"range": header, "accept-encoding": "gzip"})
    assert (response.status_code, body(response)) == (206, video[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(video)}"
    assert response["Content-Length"] == str(last - first + 1)


def test_a_range_beyond_the_end_is_refused(client: Client, video: bytes) -> None:
    response = client.get("/media/videos/a.mp4", headers={"range": "bytes=99999-"})
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(video)}")


def test_an_unchanged_file_is_not_sent_again(client: Client, video: bytes) -> None:
    tag = client.get("/media/videos/a.mp4")["ETag"]
    assert client.get("/media/videos/a.mp4", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/media/videos/none.mp4",
        "/media/videos/",
        "/media/originals/a.mp4",
        "/media/videos/../secret.txt",
        "/media/videos/%2e%2e/secret.txt",
        "/media/videos/../../secret.txt",
        "/media/videos//etc/passwd",
        "/media/videos/a%00.mp4",
    ],
)
def test_nothing_else_is_served(client: Client, video: bytes, media_root: Path, path: str) -> None:
    (media_root / "secret.txt").write_text("secret")
    (media_root / "originals").mkdir()
    (media_root / "originals" / "a.mp4").write_bytes(b"with GPS")
    assert client.get(path).status_code == 404


def test_files_are_read_only(client: Client, video: bytes) -> None:
    assert client.post("/media/videos/a.mp4").status_code == 405


def test_files_of_a_hidden_appeal_are_only_for_those_who_may_see_it(
    city: GridCity, client: Client, light_user: User, office_user: User, media_root: Path
) -> None:
    attachment = AttachmentFactory(appeal__category=city.categories["lamp"])
    (media_root / "photos").mkdir()
    (media_root / attachment.large.name).write_bytes(b"JPEG")
    # A shared cache would keep showing what is hidden later.
    assert client.get(attachment.large.url)["Cache-Control"].startswith("private")
    perform(attachment.appeal_id, HIDE, Person(office_user), version=1, text="A face")
    assert client.get(attachment.large.url).status_code == 404
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    assert client.get(attachment.large.url).status_code == 404
    client.force_login(light_user)
    assert client.get(attachment.large.url).status_code == 200
