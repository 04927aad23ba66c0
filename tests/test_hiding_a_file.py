"""One photo or film is hidden: gone at every door at once, for everybody but those who work on the appeal."""

from __future__ import annotations

import io
import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from accounts.models import User
from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, Attachment
from appeals.notify.delivery import deliver_due
from appeals.workflow import ACCEPT, ANSWER, HIDE_FILE, SHOW_FILE
from tests.doors import doors
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity

FORMS = ("large", "thumb", "playable")
REASON = "A stranger's face"


@pytest.fixture
def appeal(city: GridCity, stored_in: Path) -> Appeal:
    """With a film, and a photo that stays."""
    made: Appeal = AppealFactory(
        category=city.categories["lamp"], language="en", contact__email="resident@example.org"
    )
    for kind in (Attachment.Kind.VIDEO, Attachment.Kind.PHOTO):
        add(made, kind)
    return made


def add(appeal: Appeal, kind: Attachment.Kind) -> Attachment:
    row: Attachment = AttachmentFactory(appeal=appeal, kind=kind, large="", thumb="", playable="")
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(picture, "JPEG")
    for form in FORMS[: 3 if kind == Attachment.Kind.VIDEO else 2]:
        getattr(row, form).save(f"{row.pk}.{form}", ContentFile(picture.getvalue()), save=False)
    row.save()
    return row


@pytest.fixture
def film(appeal: Appeal) -> Attachment:
    return appeal.attachments.get(kind=Attachment.Kind.VIDEO)


@pytest.fixture
def hidden(appeal: Appeal, film: Attachment, office_user: User) -> Appeal:
    return hide(appeal, film, office_user)


def hide(appeal: Appeal, file: Attachment, by: User, reason: str = REASON) -> Appeal:
    return perform(appeal.pk, HIDE_FILE, Person(by), version=appeal.version, file=file.pk, text=reason)


class TestPublic:
    @pytest.mark.parametrize("form", FORMS)
    def test_no_form_of_it_is_served(
        self, client: Client, appeal: Appeal, film: Attachment, office_user: User, form: str
    ) -> None:
        address = getattr(film, form).url
        assert client.get(address).status_code == 200
        hide(appeal, film, office_user)
        gone = client.get(address)
        assert gone.status_code == 404
        assert client.get(address, headers={"range": "bytes=0-9"}).status_code == 404
        assert client.head(address).status_code == 404

    def test_no_door_names_it(
        self, client: Client, appeal: Appeal, film: Attachment, office_user: User
    ) -> None:
        named = [door for door in doors(appeal) if str(film.pk) in client.get(door).content.decode()]
        assert len(named) == 5, "all but the list, which has no photos"
        hide(appeal, film, office_user)
        for door in doors(appeal):
            answer = client.get(door, headers={"cache-control": "no-cache"})
            assert answer.status_code == 200
            shown = answer.content.decode()
            if door.startswith("/api/"):
                shown = json.dumps(without_history(answer.json()))
            assert str(film.pk) not in shown, door

    def test_the_rest_of_the_appeal_stays(self, client: Client, hidden: Appeal) -> None:
        photo = hidden.attachments.get(kind=Attachment.Kind.PHOTO)
        assert client.get(photo.thumb.url).status_code == 200
        assert photo.thumb.url in client.get(f"/en/appeals/{hidden.number}/").content.decode()
        assert client.get("/api/appeals.geojson").json()["features"]

    def test_an_unchanged_copy_is_refused_too(
        self, client: Client, appeal: Appeal, film: Attachment, office_user: User
    ) -> None:
        seen = client.get(film.thumb.url)
        assert "no-cache" in seen["Cache-Control"]
        hide(appeal, film, office_user)
        asked = {"if-modified-since": seen["Last-Modified"], "if-none-match": seen["ETag"]}
        assert client.get(film.thumb.url, headers=asked).status_code == 404

    def test_the_history_and_the_letter_say_why(self, client: Client, hidden: Appeal) -> None:
        page = client.get(f"/en/appeals/{hidden.number}/").content.decode()
        assert "A photo or video is hidden from the public" in page
        assert "A stranger&#x27;s face" in page
        deliver_due()
        letter = next(letter for letter in mail.outbox if "hidden" in letter.subject)
        assert letter.subject == (
            f"A photo or video of your appeal № {hidden.number} has been hidden from the public"
        )
        assert REASON in letter.body
        assert "/media/" not in letter.body

    def test_it_comes_back(self, client: Client, hidden: Appeal, film: Attachment, office_user: User) -> None:
        perform(hidden.pk, SHOW_FILE, Person(office_user), version=hidden.version, file=film.pk)
        assert client.get(film.playable.url).status_code == 200
        assert film.playable.url in client.get(f"/en/appeals/{hidden.number}/").content.decode()
        assert [event.verb for event in hidden.events.order_by("version")] == [
            "submit",
            "hide_file",
            "show_file",
        ]


def without_history(feature: dict) -> dict:  # type: ignore[type-arg]
    """The answer without the details of its events, where the key says which one was hidden."""
    for event in feature.get("properties", {}).get("events", ()):
        event.pop("details")
    return feature


class TestStaff:
    def test_those_who_work_on_it_see_it_marked(
        self, hidden: Appeal, film: Attachment, light_user: User, office_user: User, city: GridCity
    ) -> None:
        for user in (light_user, office_user):
            client = Client()
            client.force_login(user)
            seen = client.get(film.playable.url)
            assert (seen.status_code, seen["Cache-Control"]) == (200, "private, no-store")
            page = client.get(f"/en/desk/appeals/{hidden.number}/").content.decode()
            assert film.playable.url in page
            assert "Hidden from the public" in page

    def test_another_service_does_not(
        self, client: Client, hidden: Appeal, film: Attachment, outsider: User
    ) -> None:
        client.force_login(outsider)
        assert client.get(film.playable.url).status_code == 404

    def test_the_mayor_s_office_hides_it_at_the_desk(
        self, client: Client, appeal: Appeal, film: Attachment, office_user: User
    ) -> None:
        client.force_login(office_user)
        desk = f"/en/desk/appeals/{appeal.number}/"
        page = client.get(desk).content.decode()
        assert "Hide one photo or video" in page
        assert "Show a hidden photo or video again" not in page
        assert f'value="{film.pk}"' in page
        sent = {"verb": "hide_file", "version": appeal.version, "file": str(film.pk), "text": REASON}
        page = client.post(desk, sent, follow=True).content.decode()
        assert f"A photo or video of appeal № {appeal.number} is hidden from the public." in page
        film.refresh_from_db()
        assert film.hidden
        assert "Show a hidden photo or video again" in page

    def test_a_refused_form_says_what_is_missing(
        self, client: Client, appeal: Appeal, office_user: User
    ) -> None:
        client.force_login(office_user)
        sent = {"verb": "hide_file", "version": appeal.version, "text": REASON}
        page = client.post(f"/en/desk/appeals/{appeal.number}/", sent)
        assert page.status_code == 400
        assert "Choose a photo or video." in page.content.decode()
        assert "A stranger&#x27;s face</textarea>" in page.content.decode()

    def test_a_service_is_not_offered_it(self, client: Client, appeal: Appeal, light_user: User) -> None:
        client.force_login(light_user)
        assert "Hide one photo" not in client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()

    def test_nothing_is_offered_where_there_is_nothing_to_hide(
        self, client: Client, city: GridCity, office_user: User
    ) -> None:
        client.force_login(office_user)
        bare = AppealFactory(category=city.categories["lamp"])
        assert "Hide one photo" not in client.get(f"/en/desk/appeals/{bare.number}/").content.decode()


class TestAction:
    def test_the_event_names_the_file_and_who(
        self, hidden: Appeal, film: Attachment, office_user: User
    ) -> None:
        event = hidden.events.get(verb="hide_file")
        assert (event.actor, event.actor_role, event.text) == (office_user, Role.OFFICE, REASON)
        assert event.details == {"file": str(film.pk)}
        assert event.version == hidden.version == 2

    def test_only_the_mayor_s_office_may(
        self, appeal: Appeal, film: Attachment, light_user: User, outsider: User
    ) -> None:
        for actor in (Person(light_user), Author(appeal.pk), Person(outsider)):
            with pytest.raises(NotAllowed):
                perform(appeal.pk, HIDE_FILE, actor, version=None, file=film.pk, text=REASON)
        film.refresh_from_db()
        assert not film.hidden

    def test_a_reason_is_needed(self, appeal: Appeal, film: Attachment, office_user: User) -> None:
        with pytest.raises(Invalid) as refusal:
            hide(appeal, film, office_user, reason=" ")
        assert list(refusal.value.errors) == ["text"]

    def test_twice_is_said(self, hidden: Appeal, film: Attachment, office_user: User) -> None:
        with pytest.raises(Invalid, match="hidden already"):
            hide(hidden, film, office_user)

    def test_a_file_of_another_appeal_is_none_of_it(
        self, appeal: Appeal, city: GridCity, office_user: User
    ) -> None:
        other = add(AppealFactory(category=city.categories["lamp"]), Attachment.Kind.PHOTO)
        for wrong in (other.pk, uuid4(), None, "x"):
            with pytest.raises(Invalid) as refusal:
                perform(appeal.pk, HIDE_FILE, Person(office_user), version=1, file=wrong, text=REASON)
            assert list(refusal.value.errors) == ["file"]
        other.refresh_from_db()
        assert not other.hidden

    def test_nothing_is_left_to_hide_or_to_show(
        self, appeal: Appeal, office_user: User, film: Attachment
    ) -> None:
        with pytest.raises(NotAllowed):
            perform(appeal.pk, SHOW_FILE, Person(office_user), version=None, file=film.pk)
        for file in appeal.attachments.all():
            perform(appeal.pk, HIDE_FILE, Person(office_user), version=None, file=file.pk, text=REASON)
        with pytest.raises(NotAllowed):
            perform(appeal.pk, HIDE_FILE, Person(office_user), version=None, file=film.pk, text=REASON)

    def test_a_photo_of_an_answer_too(
        self, client: Client, appeal: Appeal, office_user: User, light_user: User
    ) -> None:
        perform(appeal.pk, ACCEPT, Person(light_user), version=1)
        upload: UUID = AttachmentFactory(appeal=None).pk
        perform(appeal.pk, ANSWER, Person(light_user), version=2, text="Done", uploads=[upload])
        assert str(upload) in client.get(f"/api/appeals/{appeal.pk}/").content.decode()
        perform(appeal.pk, HIDE_FILE, Person(office_user), version=3, file=upload, text=REASON)
        shown = json.dumps(without_history(client.get(f"/api/appeals/{appeal.pk}/").json()))
        assert str(upload) not in shown

    def test_words_written_meanwhile_are_not_stale(
        self, appeal: Appeal, film: Attachment, office_user: User, light_user: User
    ) -> None:
        hide(appeal, film, office_user)
        assert perform(appeal.pk, ANSWER, Person(light_user), version=1, text="Done").version == 3
