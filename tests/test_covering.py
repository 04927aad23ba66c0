"""Areas of a photo are blackened: gone at every door at once, kept for the Mayor's Office, and shown again by one press."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from uuid import uuid4

import pytest
from django.core import mail
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from structlog.testing import capture_logs

from accounts.models import User
from accounts.posts import Post
from accounts.roles import Role
from appeals.actions.cover import PATIENCE_S
from appeals.actions.cover import cover as cover_photo
from appeals.actions.perform import perform
from appeals.actions.upload import sweep_uploads
from appeals.actors import Author, Person
from appeals.errors import Busy, Invalid, NotAllowed
from appeals.models import Appeal, Attachment
from appeals.notify.delivery import deliver_due
from appeals.workflow import COVER, UNCOVER
from desk.full_file import whole_file
from jobs.limits import WEB
from media import turns
from media.storage import FORGOTTEN_AFTER
from tests.doors import doors
from tests.factories import AppealFactory, AttachmentFactory, MembershipFactory
from tests.grid import GridCity
from tests.pictures import SIZES, photo_of

REASON = "A stranger's face"
#: Left, top, width and height in percent.
AREA = "50 25 25 50"


@pytest.fixture
def appeal(city: GridCity, stored_in: Path) -> Appeal:
    made: Appeal = AppealFactory(
        category=city.categories["lamp"], language="en", contact__email="resident@example.org"
    )
    return made


@pytest.fixture
def photo(appeal: Appeal) -> Attachment:
    return photo_of(appeal)


def cover(appeal: Appeal, photo: Attachment, by: User, areas: str = AREA, reason: str = REASON) -> Appeal:
    return perform(appeal.pk, COVER, Person(by), version=None, photo=photo.pk, areas=areas, text=reason)


def uncover(appeal: Appeal, photo: Attachment, by: User) -> Appeal:
    return perform(appeal.pk, UNCOVER, Person(by), version=None, photo=photo.pk)


def served(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def black_of(picture: bytes) -> tuple[float, float, float, float]:
    """Where it is black, in percent; everything else is red, as it was."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    red = image.getchannel("R").point(lambda level: 255 if level < 60 else 0)
    box = red.getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert min(image.getchannel("R").crop((0, 0, left - 2, image.height)).getextrema()) > 200  # type: ignore[arg-type]
    return (
        100 * left / image.width,
        100 * top / image.height,
        100 * (right - left) / image.width,
        100 * (bottom - top) / image.height,
    )


def test_every_size_is_black_there_and_holds_nothing_else(
    client: Client, appeal: Appeal, photo: Attachment, office_user: User
) -> None:
    addresses = {form: getattr(photo, form).url for form in SIZES}
    before = {form: client.get(address) for form, address in addresses.items()}
    cover(appeal, photo, office_user)
    for form, address in addresses.items():
        picture = served(client, address)
        assert black_of(picture) == pytest.approx((50, 25, 25, 50), abs=1.5)
        assert Image.open(io.BytesIO(picture)).size == SIZES[form]
        assert not Image.open(io.BytesIO(picture)).getexif()
        assert b"flat 17" not in picture
        # A browser that asks whether its copy still holds gets the new one, not leave to go on showing it.
        seen = before[form]
        assert "no-cache" in seen["Cache-Control"]
        again = client.get(address, headers={"if-none-match": seen["ETag"]})
        assert again.status_code == 200
        assert client.get(address, headers={"range": "bytes=0-9"}).status_code == 206


def test_what_it_was_is_at_no_door(
    client: Client, appeal: Appeal, photo: Attachment, office_user: User, light_user: User, outsider: User
) -> None:
    whole = {served(client, getattr(photo, form).url) for form in SIZES}
    old_names = {photo.large.name, photo.thumb.name}
    cover(appeal, photo, office_user)
    photo.refresh_from_db()
    for door in doors(appeal):
        shown = client.get(door, headers={"cache-control": "no-cache"}).content.decode()
        assert not any(name in shown for name in old_names), door
        assert "whole_" not in shown, door
        assert (photo.thumb.url in shown) is (door != "/api/appeals.geojson")
    wanted = [photo.whole_large.url, photo.whole_thumb.url]
    wanted += [f"/media/{name}" for name in old_names] + [f"/media/{photo.pk}/original"]
    for user in (None, light_user, outsider):
        reader = Client()
        if user:
            reader.force_login(user)
        for address in wanted:
            assert reader.get(address).status_code == 404, (user, address)
            assert reader.get(address, headers={"range": "bytes=0-9"}).status_code == 404
        for form in SIZES:
            if user != outsider:
                assert served(reader, getattr(photo, form).url) not in whole


def test_those_who_moderate_see_it_whole(
    client: Client, appeal: Appeal, photo: Attachment, office_user: User, city: GridCity
) -> None:
    whole = served(client, photo.large.url)
    cover(appeal, photo, office_user)
    photo.refresh_from_db()
    moderator = MembershipFactory(service=city.services["office"], post=Post.MODERATOR).user
    for user in (office_user, moderator):
        client.force_login(user)
        assert served(client, photo.whole_large.url) == whole
        assert client.get(photo.whole_thumb.url)["Cache-Control"] == "private, no-store"
        assert photo.whole_thumb.url in client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    dispatcher = MembershipFactory(service=city.services["office"], post=Post.DISPATCHER).user
    client.force_login(dispatcher)
    assert client.get(photo.whole_large.url).status_code == 404
    assert photo.whole_thumb.url not in client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()


def test_the_history_the_letter_and_the_whole_file_say_who_and_why(
    client: Client, appeal: Appeal, photo: Attachment, office_user: User
) -> None:
    cover(appeal, photo, office_user, areas="50, 25; 25 50\n0 0 1.5 2")
    event = appeal.events.get(verb="cover")
    assert (event.actor, event.actor_role, event.text) == (office_user, Role.OFFICE, REASON)
    assert event.details == {"photo": str(photo.pk), "areas": [[50, 25, 25, 50], [0, 0, 1.5, 2]]}
    page = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    assert "Areas of a photo are blackened" in page
    assert "A stranger&#x27;s face" in page
    deliver_due()
    letter = next(letter for letter in mail.outbox if "blackened" in letter.subject)
    assert REASON in letter.body
    photo.refresh_from_db()
    file = whole_file(Appeal.objects.with_names().get(), office_user, timezone.now())["files"][0]
    assert (file["covered"], file["whole_file"]) == (
        [[50, 25, 25, 50], [0, 0, 1.5, 2]],
        photo.whole_large.name,
    )


def test_more_areas_are_added_and_one_press_takes_all_of_them_away(
    client: Client,
    appeal: Appeal,
    photo: Attachment,
    office_user: User,
    stored_in: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    whole = served(client, photo.large.url)
    with django_capture_on_commit_callbacks(execute=True):
        cover(appeal, photo, office_user)
        cover(appeal, photo, office_user, areas="25 25 25 50")
    assert black_of(served(client, photo.large.url)) == pytest.approx((25, 25, 50, 50), abs=1.5)
    assert len(list((stored_in / "media").rglob(f"{photo.pk}*"))) == 4, "two whole, two covered"
    with django_capture_on_commit_callbacks(execute=True):
        uncover(appeal, photo, office_user)
    assert served(client, photo.large.url) == whole
    assert len(list((stored_in / "media").rglob(f"{photo.pk}*"))) == 2
    photo.refresh_from_db()
    assert (photo.covered, photo.whole_large.name, photo.whole_thumb.name) == ([], "", "")
    with pytest.raises(NotAllowed):
        uncover(appeal, photo, office_user)


def test_what_is_kept_whole_is_not_swept_away(
    appeal: Appeal, photo: Attachment, office_user: User, stored_in: Path
) -> None:
    cover(appeal, photo, office_user)
    later = timezone.now() + FORGOTTEN_AFTER + dt.timedelta(days=1)
    assert sweep_uploads(later) == 0
    photo.refresh_from_db()
    for file in (photo.whole_large, photo.whole_thumb, photo.large, photo.thumb):
        assert Path(file.path).is_file()


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        ("", "Mark one area"),
        ("10 20 30", "four numbers"),
        ("10 20 30 x", "four numbers"),
        ("10 20 0 30", "four numbers"),
        ("90 20 30 30", "four numbers"),
        ("-1 20 30 30", "four numbers"),
        ("nan 20 30 30", "four numbers"),
        ("1e1 20 30 30", "four numbers"),
        ("0 0 1 1\n" * 51, "At most 50"),
    ],
)
def test_what_is_no_area_is_refused(
    appeal: Appeal, photo: Attachment, office_user: User, areas: str, said: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        cover(appeal, photo, office_user, areas=areas)
    assert said in refusal.value.errors["areas"][0]
    photo.refresh_from_db()
    assert photo.covered == []


def test_only_a_photo_of_the_appeal_is_taken(
    appeal: Appeal, photo: Attachment, office_user: User, city: GridCity
) -> None:
    film = AttachmentFactory(appeal=appeal, kind=Attachment.Kind.VIDEO)
    other = photo_of(AppealFactory(category=city.categories["lamp"]))
    for wrong in (film.pk, other.pk, uuid4(), None, "x"):
        with pytest.raises(Invalid) as refusal:
            perform(appeal.pk, COVER, Person(office_user), version=None, photo=wrong, areas=AREA, text=REASON)
        assert list(refusal.value.errors) == ["photo"]
    with pytest.raises(Invalid) as refusal:
        cover(appeal, photo, office_user, reason="")
    assert list(refusal.value.errors) == ["text"]


def test_who_moderates_nothing_covers_nothing(
    appeal: Appeal, photo: Attachment, light_user: User, outsider: User, city: GridCity
) -> None:
    dispatcher = MembershipFactory(service=city.services["office"], post=Post.DISPATCHER).user
    for actor in (Person(light_user), Person(outsider), Person(dispatcher), Author(appeal.pk)):
        with pytest.raises(NotAllowed):
            perform(appeal.pk, COVER, actor, version=None, photo=photo.pk, areas=AREA, text=REASON)


def test_a_photo_that_cannot_be_opened_stays_as_it_is(
    appeal: Appeal, photo: Attachment, office_user: User
) -> None:
    Path(photo.large.path).write_bytes(b"\xff\xd8\xff and nothing more")
    with pytest.raises(Invalid) as refusal:
        cover(appeal, photo, office_user)
    assert list(refusal.value.errors) == ["photo"]
    Path(photo.large.path).unlink()
    with capture_logs() as logs, pytest.raises(Busy, match="This photo cannot be opened just now"):
        cover(appeal, photo, office_user)
    assert [(log["event"], log["id"]) for log in logs] == [("a photo could not be covered", str(photo.pk))]
    photo.refresh_from_db()
    assert (photo.covered, appeal.events.filter(verb="cover").count()) == ([], 0)


def test_what_the_machine_has_no_time_or_place_for_may_be_tried_again(
    appeal: Appeal,
    photo: Attachment,
    office_user: User,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whoever waits for the appeal meanwhile must not give up first.
    assert WEB.lock_s > PATIENCE_S
    monkeypatch.setattr("appeals.actions.cover.PATIENCE_S", 0.0)
    with turns.turn(), pytest.raises(Busy, match="Many photos are arriving"):
        cover(appeal, photo, office_user)
    settings.VAR_DIR = tmp_path / "file"
    settings.VAR_DIR.touch()
    with pytest.raises(Busy, match="This photo cannot be opened just now"):
        cover(appeal, photo, office_user)


def test_what_was_done_to_the_row_meanwhile_stays(photo: Attachment) -> None:
    Attachment.objects.filter(pk=photo.pk).update(hidden=True)
    cover_photo(photo, [])
    photo.refresh_from_db()
    assert photo.hidden


def test_the_database_lets_nothing_be_covered_without_what_it_was(photo: Attachment) -> None:
    rows = Attachment.objects.filter(pk=photo.pk)
    for wrong in ({"covered": [[0, 0, 1, 1]]}, {"whole_large": "photos/x.jpg"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**wrong)


def test_the_desk_marks_it(client: Client, appeal: Appeal, photo: Attachment, office_user: User) -> None:
    client.force_login(office_user)
    desk = f"/en/desk/appeals/{appeal.number}/"
    page = client.get(desk).content.decode()
    assert "Blacken areas of a photo" in page
    assert "Show a blackened photo whole again" not in page
    sent = {
        "verb": "cover",
        "version": appeal.version,
        "photo": str(photo.pk),
        "areas": "1 2 3",
        "text": REASON,
    }
    refused = client.post(desk, sent)
    assert refused.status_code == 400
    assert ">\n1 2 3</textarea></photo-areas>" in refused.content.decode()
    assert client.post(desk, sent | {"areas": AREA}).status_code == 302
    page = client.get(desk).content.decode()
    assert "Show a blackened photo whole again" in page
    public = json.dumps(client.get(f"/api/appeals/{appeal.pk}/").json())
    assert "whole_large" not in public
    film_only = AppealFactory(category=appeal.category)
    AttachmentFactory(appeal=film_only, kind=Attachment.Kind.VIDEO, state=Attachment.State.PROCESSING)
    assert "Blacken areas" not in client.get(f"/en/desk/appeals/{film_only.number}/").content.decode()
