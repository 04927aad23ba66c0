"""Files are served by the key of their row, to whoever may see the row, and to nobody else."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actions.upload import upload
from appeals.actors import Person
from appeals.identifiers import new_uuid7
from appeals.models import Appeal, Attachment
from appeals.workflow import HIDE, SHOW
from tests.factories import AttachmentFactory, EventFactory, MembershipFactory, NewsItemFactory
from tests.grid import GridCity

pytestmark = pytest.mark.django_db

FILM = bytes(range(256)) * 40
#: Ways to write an address that a server may take for the same.
DETOURS = [
    "/media/./{rest}",
    "/media/%2e/{rest}",
    "/media/x/../{rest}",
    "/media/x/%2e%2e/{rest}",
    "//media/{rest}",
    "/media//{rest}",
    "/media/{rest}/",
    "/media/{rest}%00",
    "/media/{rest};x",
    "/media/{rest}.jpg",
]


@pytest.fixture
def attached(city: GridCity, stored_in: Path) -> Attachment:
    """A video with its poster, of a public appeal; what is stored differs by form."""
    row: Attachment = AttachmentFactory(appeal__category=city.categories["lamp"], large="", thumb="")
    row.large.save(f"{row.pk}.jpg", ContentFile(b"large"), save=False)
    row.thumb.save(f"{row.pk}.jpg", ContentFile(b"thumb"), save=False)
    row.playable.save(f"{row.pk}.mp4", ContentFile(FILM), save=False)
    row.original.save(str(row.pk), ContentFile(b"with GPS"), save=False)
    row.save()
    return row


def body(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def photo() -> SimpleUploadedFile:
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), "red").save(picture, "JPEG")
    return SimpleUploadedFile("photo.jpg", picture.getvalue())


class TestFile:
    def test_each_form_is_served_whole(self, client: Client, attached: Attachment) -> None:
        for stored, content, kind in (
            (attached.large, b"large", "image/jpeg"),
            (attached.thumb, b"thumb", "image/jpeg"),
            (attached.playable, FILM, "video/mp4"),
        ):
            response = client.get(stored.url, headers={"accept-encoding": "gzip"})
            assert (response.status_code, body(response)) == (200, content)
            assert response["Content-Type"] == kind
            assert response["Accept-Ranges"] == "bytes"
            assert "Content-Encoding" not in response

    @pytest.mark.parametrize(
        ("header", "first", "last"),
        [("bytes=0-1", 0, 1), ("bytes=100-", 100, 10239), ("bytes=-16", 10224, 10239)],
    )
    def test_a_range_is_served_as_safari_requests_it(
        self, client: Client, attached: Attachment, header: str, first: int, last: int
    ) -> None:
        response = client.get(attached.playable.url, headers={"range": header, "accept-encoding": "gzip"})
        assert (response.status_code, body(response)) == (206, FILM[first : last + 1])
        assert response["Content-Range"] == f"bytes {first}-{last}/{len(FILM)}"
        assert response["Content-Length"] == str(last - first + 1)

    def test_a_range_beyond_the_end_is_refused(self, client: Client, attached: Attachment) -> None:
        response = client.get(attached.playable.url, headers={"range": "bytes=99999-"})
        assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(FILM)}")

    def test_an_unchanged_file_is_not_sent_again(self, client: Client, attached: Attachment) -> None:
        first = client.get(attached.playable.url)
        again = client.get(attached.playable.url, headers={"if-none-match": first["ETag"]})
        assert again.status_code == 304
        assert again["Cache-Control"] == first["Cache-Control"]

    def test_files_are_read_only(self, client: Client, attached: Attachment) -> None:
        assert client.post(attached.large.url).status_code == 405
        assert client.head(attached.large.url).status_code == 200

    def test_nothing_else_is_served(self, client: Client, attached: Attachment, stored_in: Path) -> None:
        assert (stored_in / "media" / attached.large.name).is_file()
        assert (stored_in / "uploads" / attached.original.name).is_file()
        for path in (
            f"/media/{attached.large.name}",
            f"/media/{attached.thumb.name}",
            f"/media/{attached.playable.name}",
            f"/media/{attached.original.name}",
            f"/media/{attached.pk}/original",
            f"/media/{attached.pk}/digest",
            f"/media/{attached.pk}/",
            f"/media/{str(attached.pk).upper()}/large",
            f"/media/{uuid4()}/large",
            f"/media/{attached.pk}/../{attached.pk}/large",
            "/media/",
        ):
            assert client.get(path).status_code == 404, path

    def test_a_form_that_is_not_there_is_not_found(
        self, city: GridCity, client: Client, media_root: Path
    ) -> None:
        row = AttachmentFactory(appeal__category=city.categories["lamp"], large="", thumb="thumbs/gone.jpg")
        for form in ("large", "thumb", "playable"):
            assert client.get(reverse("attachment", args=[row.pk, form])).status_code == 404


class TestHiding:
    def test_no_way_of_writing_the_address_shows_what_is_hidden(
        self, client: Client, attached: Attachment, office_user: User
    ) -> None:
        shown = [attached.large.url, attached.thumb.url, attached.playable.url]
        stored = [f"/media/{file.name}" for file in (attached.large, attached.thumb, attached.playable)]
        assert all(client.get(url).status_code == 200 for url in shown)
        perform(attached.appeal_id, HIDE, Person(office_user), version=1, text="A face")
        for url in shown + stored:
            rest = url.removeprefix("/media/")
            for path in (url, *(detour.format(rest=rest) for detour in DETOURS)):
                response = client.get(path, follow=True)
                assert response.status_code == 404, path
        perform(attached.appeal_id, SHOW, Person(office_user), version=2)
        assert all(client.get(url).status_code == 200 for url in shown)

    def test_the_staff_who_may_see_the_appeal_see_its_files(
        self, city: GridCity, client: Client, attached: Attachment, light_user: User, office_user: User
    ) -> None:
        perform(attached.appeal_id, HIDE, Person(office_user), version=1, text="A face")
        elsewhere = MembershipFactory(service=city.services["roads"]).user
        for user, status in ((elsewhere, 404), (light_user, 200), (office_user, 200)):
            client.force_login(user)
            assert client.get(attached.large.url).status_code == status

    def test_no_cache_keeps_for_others_what_may_be_hidden_later(
        self, client: Client, attached: Attachment, light_user: User, office_user: User
    ) -> None:
        public = client.get(attached.large.url)["Cache-Control"]
        # The reader's own browser asks each time, too.
        assert {part.strip() for part in public.split(",")} == {"private", "no-cache"}
        perform(attached.appeal_id, HIDE, Person(office_user), version=1, text="A face")
        client.force_login(light_user)
        assert "no-store" in client.get(attached.large.url)["Cache-Control"]

    def test_what_came_with_a_step_for_the_staff_is_for_them(
        self, city: GridCity, client: Client, attached: Attachment, light_user: User
    ) -> None:
        note = EventFactory(appeal=attached.appeal, version=2, verb="hide", public=False)
        Attachment.objects.filter(pk=attached.pk).update(event=note)
        assert client.get(attached.large.url).status_code == 404
        client.force_login(MembershipFactory(service=city.services["roads"]).user)
        assert client.get(attached.large.url).status_code == 404
        client.force_login(light_user)
        assert client.get(attached.large.url).status_code == 200

    def test_the_authors_page_names_no_file_of_a_hidden_appeal(
        self, client: Client, attached: Attachment, office_user: User
    ) -> None:
        address = reverse("public:follow", args=[attached.appeal.contact.secret])
        assert attached.large.url in client.get(address).content.decode()
        perform(attached.appeal_id, HIDE, Person(office_user), version=1, text="A face")
        page = client.get(address).content.decode()
        assert f"/media/{attached.pk}" not in page
        assert "Its photos and videos are shown to those who consider it alone" in page


class TestBeforeTheAppeal:
    def test_an_upload_is_nobodys_until_an_appeal_has_taken_it(
        self, city: GridCity, client: Client, stored_in: Path, office_user: User
    ) -> None:
        sent = upload(new_uuid7(), photo(), sender=None)
        client.force_login(office_user)
        for stored in (sent.large, sent.thumb):
            for path in (stored.url, f"/media/{stored.name}"):
                assert client.get(path).status_code == 404
                assert Client().get(path).status_code == 404

    def test_whoever_sent_it_sees_it_and_nobody_else(self, client: Client, stored_in: Path) -> None:
        answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": photo()})
        assert answer.status_code == 201
        thumb = answer.json()["thumb"]
        assert thumb == f"{settings.PUBLIC_URL}/media/{answer.json()['id']}/thumb"
        seen = client.get(thumb)
        assert (seen.status_code, seen["Content-Type"]) == (200, "image/jpeg")
        assert "no-store" in seen["Cache-Control"]
        assert Client().get(thumb).status_code == 404
        # No script and no other site can use the cookie, and what nobody has sent is nobody's.
        (cookie,) = answer.cookies.values()
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/", True, "Strict")
        other = upload(new_uuid7(), photo(), sender=None)
        assert client.get(other.thumb.url).status_code == 404

    def test_the_cookie_opens_nothing_once_an_appeal_has_taken_it_and_is_hidden(
        self, city: GridCity, client: Client, stored_in: Path, office_user: User, appeal: Appeal
    ) -> None:
        answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": photo()})
        Attachment.objects.update(appeal=appeal)
        assert client.get(answer.json()["thumb"]).status_code == 200
        perform(appeal.pk, HIDE, Person(office_user), version=1, text="A face")
        assert client.get(answer.json()["thumb"]).status_code == 404

    def test_the_form_without_scripts_shows_what_it_has_received(
        self, city: GridCity, client: Client, stored_in: Path
    ) -> None:
        page = client.post("/en/appeals/new/", {"files": [photo()]})
        assert page.status_code == 400
        stored = Attachment.objects.get()
        assert f'src="{stored.thumb.url}"' in page.content.decode()
        assert client.get(stored.thumb.url).status_code == 200
        assert Client().get(stored.thumb.url).status_code == 404

    @pytest.fixture
    def appeal(self, city: GridCity) -> Appeal:
        appeal: Appeal = AttachmentFactory(appeal__category=city.categories["lamp"]).appeal
        appeal.attachments.all().delete()
        return appeal


class TestNews:
    def test_a_picture_is_public_as_long_as_its_item_is(
        self, client: Client, stored_in: Path, db: None
    ) -> None:
        item = NewsItemFactory()
        item.picture.save("a.jpg", ContentFile(b"picture"))
        assert item.picture.url == f"/media/news/{item.pk}/picture"
        assert body(client.get(item.picture.url)) == b"picture"
        assert client.get(f"/media/{item.picture.name}").status_code == 404
        assert client.get(f"/media/news/{item.pk}/title").status_code == 404
        item.published_at = None
        item.save()
        assert client.get(item.picture.url).status_code == 404
        client.force_login(User.objects.create_superuser("editor@city.example"))
        assert client.get(item.picture.url).status_code == 200

    @pytest.mark.parametrize("number", ["0", "9" * 30, "9" * 5000, "-1"])
    def test_an_unknown_item_has_none(self, client: Client, number: str) -> None:
        assert client.get(f"/media/news/{number}/picture").status_code == 404
