"""Each kind of thing that a verb may ask for: what is taken, what is refused, and what is said."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection, transaction

from accounts.roles import Role
from appeals.actions.inputs import AREAS_MAX, PIECES_MAX, Given, checked, required_text
from appeals.errors import Busy, Invalid
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, Attachment, Event, RefusalGround
from appeals.vocabulary import Ask, Input, Verb, Words
from appeals.workflow import REJOIN, SPLIT
from districts.models import Category, Service
from tests.factories import AppealFactory, AttachmentFactory, MembershipFactory, UserFactory

#: Longer than any machine takes; nobody waits for it unless something is wrong.
PATIENCE_S = 60
#: Already 9 June in the city.
AT = dt.datetime(2026, 6, 8, 20, tzinfo=dt.UTC)
MINE, OTHER = Service(pk=1, active=True), Service(pk=2, active=True)
APPEAL = Appeal(service=MINE)


def asking(*asks: Ask) -> Verb:
    return Verb("test", sources=(), target=None, roles=frozenset(), words=Words("Done"), asks=asks)


def one(kind: Input, value: object, appeal: Appeal = APPEAL, *, required: bool = True) -> Given:
    return checked(asking(Ask("it", kind, "It", required=required)), appeal, {"it": value}, AT)


def refused(kind: Input, value: object, appeal: Appeal = APPEAL) -> str:
    with pytest.raises(Invalid) as refusal:
        one(kind, value, appeal)
    ((name, (sentence,)),) = refusal.value.errors.items()
    assert name == "it"
    return sentence


def test_words() -> None:
    assert one(Input.TEXT, "  Done.\u200b ").text == "Done."
    assert one(Input.TEXT, "x" * TEXT_MAX).text == "x" * TEXT_MAX
    for empty in (None, "", " \n", "\u200b", 7):
        assert refused(Input.TEXT, empty) == "Write a few words."
    assert (
        refused(Input.TEXT, "x" * (TEXT_MAX + 1))
        == f"At most {TEXT_MAX} characters; there are {TEXT_MAX + 1}."
    )
    assert "cannot be kept" in refused(Input.TEXT, "a\x00b")
    assert required_text(" a ") == "a"


@pytest.mark.django_db
def test_words_that_are_taken_out() -> None:
    appeal = AppealFactory(text="Two lamps at No. 17")
    assert [replaced.after for replaced in one(Input.WORDS, " Two \n", appeal).replaced] == [
        "[…] lamps at No. 17"
    ]
    assert "three characters" in refused(Input.WORDS, "Two\n17", appeal)
    assert refused(Input.WORDS, " \n", appeal) == "Write a few words."
    assert len(one(Input.WORDS, "Two\n" * PIECES_MAX, appeal).replaced) == 1
    assert PIECES_MAX == 20
    most = f"{'x' * (TEXT_MAX - 3)}\n"
    assert (
        refused(Input.WORDS, f"{most}Two", appeal)
        == f"This stands in no public text of the appeal: {most.strip()}"
    )
    for too_many in ("Two\n" * (PIECES_MAX + 1), f"{most}lamp"):
        assert refused(Input.WORDS, too_many, appeal) == "These are too many words at once."


def test_a_service() -> None:
    assert one(Input.SERVICE, OTHER).to_service == OTHER
    assert refused(Input.SERVICE, 2) == "Choose a service."
    assert refused(Input.SERVICE, Service(pk=2, active=False)) == "This service takes no appeals any more."
    assert refused(Input.SERVICE, MINE) == "The appeal is with this service already."


def test_a_day_from_the_city_s_today_on() -> None:
    assert one(Input.DAY, dt.date(2026, 6, 9)).details == {"it": "2026-06-09"}
    assert refused(Input.DAY, dt.date(2026, 6, 8)) == "This day has passed."
    assert one(Input.DAY, dt.date(2199, 12, 31)).details == {"it": "2199-12-31"}
    assert refused(Input.DAY, "2026-06-09") == "A date must be written as 2026-05-31."
    for beyond in (dt.date(2200, 1, 1), dt.date.max):
        assert refused(Input.DAY, beyond) == "A date must be between the years 1900 and 2199."


def test_files() -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    assert one(Input.FILES, [first, second]).uploads == (first, second)


@pytest.mark.django_db
def test_a_colleague() -> None:
    colleague, elsewhere = MembershipFactory(), MembershipFactory().user
    appeal = Appeal(service=colleague.service)
    assert one(Input.COLLEAGUE, colleague.user, appeal).assignee == colleague.user
    assert refused(Input.COLLEAGUE, colleague.user.pk, appeal) == "Choose a person."
    for stranger in (elsewhere, UserFactory()):
        assert "does not work for the service" in refused(Input.COLLEAGUE, stranger, appeal)
    colleague.user.is_active = False
    assert "does not work for the service" in refused(Input.COLLEAGUE, colleague.user, appeal)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "hidden", "already"),
    [
        (Input.SHOWN_FILE, False, "It is hidden already."),
        (Input.HIDDEN_FILE, True, "The public sees it already."),
    ],
)
def test_one_of_the_appeal_s_files(kind: Input, hidden: bool, already: str) -> None:
    appeal = AppealFactory()
    file = AttachmentFactory(appeal=appeal, hidden=hidden)
    given = one(kind, file.pk, appeal)
    assert (given.file, given.details) == (file, {"it": str(file.pk)})
    assert refused(kind, str(file.pk), appeal) == "Choose a photo or video."
    for unknown in (uuid.uuid4(), AttachmentFactory(appeal=AppealFactory(), hidden=hidden).pk):
        assert refused(kind, unknown, appeal) == "The appeal has no such photo or video."
    Attachment.objects.filter(pk=file.pk).update(hidden=not hidden)
    assert refused(kind, file.pk, appeal) == already


def test_areas_of_a_photo() -> None:
    assert one(Input.AREAS, "0 0 100 100\n 1,2; 0.5 0.5 ").areas == ((0, 0, 100, 100), (1, 2, 0.5, 0.5))
    assert len(one(Input.AREAS, "0 0 1 1\n" * AREAS_MAX).areas) == AREAS_MAX == 50
    assert refused(Input.AREAS, "0 0 1 1\n" * (AREAS_MAX + 1)) == "At most 50 areas of a photo."
    # As whoever draws it may have rounded it, and no more.
    assert one(Input.AREAS, "0 0 100.01 100.01").areas == ((0, 0, 100.01, 100.01),)
    wrong = (
        "0 0 100.02 9",
        "0 0 9 100.02",
        "90 0 11 9",
        "0 90 9 11",
        "0 0 0 9",
        "0 0 9 0",
        "1 2 3",
        "1 2 3 4 5",
    )
    for line in (*wrong, "1 2 3 x"):
        assert refused(Input.AREAS, f"1 2 3 4\n{line}").startswith(
            f"This is no area of a photo: {line}. Write"
        )
    assert f": {'9' * 60}. " in refused(Input.AREAS, "9" * 70)
    assert refused(Input.AREAS, None) == "Mark one area at least."


@pytest.mark.django_db
def test_areas_that_are_covered_already_count() -> None:
    appeal = AppealFactory()
    whole = {"whole_large": "photos/whole.jpg", "whole_thumb": "thumbs/whole.jpg"}
    covered = AttachmentFactory(appeal=appeal, covered=[[0, 0, 1, 1]] * (AREAS_MAX - 2), **whole)
    plain = AttachmentFactory(appeal=appeal)
    asked = asking(Ask("photo", Input.PHOTO, "Photo"), Ask("areas", Input.AREAS, "Areas"))
    for photo, most in ((plain, AREAS_MAX), (covered, 2)):
        area = "1 1 1 1\n"
        given = checked(asked, appeal, {"photo": photo.pk, "areas": area * most}, AT)
        assert (given.photo, given.areas) == (photo, ((1, 1, 1, 1),) * most)
        with pytest.raises(Invalid) as refusal:
            checked(asked, appeal, {"photo": photo.pk, "areas": area * (most + 1)}, AT)
        assert refusal.value.errors == {"areas": ["At most 50 areas of a photo."]}
    assert one(Input.COVERED_PHOTO, covered.pk, appeal).details == {"it": str(covered.pk)}
    assert refused(Input.COVERED_PHOTO, plain.pk, appeal) == "The public sees it whole already."


def test_a_ground_in_force_in_the_words_of_its_day() -> None:
    ground = RefusalGround(code="twice", name_ky="Кайталоо", name_ru="Повтор", name_en="")
    assert one(Input.GROUND, ground).details == {
        "it": {"code": "twice", "ky": "Кайталоо", "ru": "Повтор", "en": ground.name}
    }
    ground.active = False
    for value in (ground, "twice", None):
        assert refused(Input.GROUND, value) == "Choose a ground."


@pytest.mark.django_db
def test_another_appeal_that_everyone_sees() -> None:
    first, second, hidden = AppealFactory(), AppealFactory(), AppealFactory(hidden=True)
    given = one(Input.APPEAL, first.number, second)
    assert (given.original, given.details) == (first, {"it": first.number})
    assert refused(Input.APPEAL, str(first.number), second) == "Write the number of an appeal."
    for number in (hidden.number, 10**9, -1, 10**30):
        assert refused(Input.APPEAL, number, second) == "There is no public appeal of this number."
    assert refused(Input.APPEAL, second.number, second) == "This is the same appeal."
    Appeal.objects.filter(pk=first.pk).update(status="closed", outcome="duplicate", duplicate_of=second.pk)
    assert refused(Input.APPEAL, first.number, AppealFactory()) == (
        f"That appeal itself repeats № {second.number}: name that one."
    )


@pytest.mark.django_db(transaction=True)
def test_an_appeal_that_somebody_works_on_is_not_waited_for() -> None:
    """Two that are made repetitions of each other at once would wait for each other."""
    first, second = AppealFactory(), AppealFactory()
    Event(
        appeal=first, version=2, verb=SPLIT.code, at=AT, actor_role=Role.SYSTEM, to_status="new",
        service=first.service, details={"other": second.number},
    ).save()  # fmt: skip
    first.linked.add(second)
    second.version = 2
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Appeal.objects.select_for_update().get(pk=first.pk)
                held.set()
                done.wait(PATIENCE_S)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert held.wait(PATIENCE_S)
        assert "working on that appeal just now" in refused(Input.APPEAL, first.number, second)
        with pytest.raises(Busy, match="working on that appeal just now"):
            checked(REJOIN, second, {}, AT)
    finally:
        done.set()
        other.join(PATIENCE_S)
    assert one(Input.APPEAL, first.number, second).original == first
    assert checked(REJOIN, second, {}, AT).original == first


@pytest.mark.django_db
def test_appeals_that_belong_together_and_those_that_do_not() -> None:
    first, second, third, hidden = (AppealFactory(hidden=hidden) for hidden in (False, False, False, True))
    first.linked.add(second, hidden)
    assert one(Input.RELATED, third.number, first).other == third
    assert refused(Input.RELATED, second.number, first) == "They refer to each other already."
    for nobody in (AppealFactory(hidden=True).number, 10**9):
        assert refused(Input.RELATED, nobody, first) == "There is no public appeal of this number."
    assert refused(Input.RELATED, first.number, first) == "This is the same appeal."
    # What was hidden since can still be parted from it.
    for linked in (second, hidden):
        assert one(Input.LINKED, linked.number, first).other == linked
    for stranger in (third.number, first.number, str(second.number), None):
        assert (
            refused(Input.LINKED, stranger, first) == "Choose an appeal that belongs together with this one."
        )


def test_the_category_of_another_matter_is_not_the_appeal_s() -> None:
    category = Category(pk=7)
    given = one(Input.SECOND_CATEGORY, category)
    assert (given.second_category, given.category) == (category, None)
    assert refused(Input.SECOND_CATEGORY, "lamp") == "Choose a category."


def test_a_category_and_a_place_are_that_or_refused() -> None:
    for value in ("lamp", 1, MINE):
        assert refused(Input.CATEGORY, value) == "Choose a category."
    how = "Write latitude and longitude, such as 40.5283, 72.7985."
    for value in ([72.8, 40.5], (72.8,), (72.8, 40.5, 1.0), "72.8, 40.5", None):
        assert refused(Input.PLACE, value) == how
    point = one(Input.PLACE, (72.8, 40.5)).point
    assert point is not None and (point.x, point.y, point.srid) == (72.8, 40.5, 4326)
    assert refused(Input.PLACE, (0.0, 0.0)) != how


def test_all_that_is_wrong_is_said_at_once() -> None:
    verb = asking(
        Ask("text", Input.TEXT, "Text"), Ask("day", Input.DAY, "Day"), Ask("to", Input.SERVICE, "To")
    )
    with pytest.raises(Invalid) as refusal:
        checked(verb, APPEAL, {"to": OTHER}, AT)
    assert list(refusal.value.errors) == ["text", "day"]


def test_what_need_not_be_given() -> None:
    assert one(Input.DAY, None, required=False) == Given()
    assert one(Input.DAY, dt.date(2026, 6, 9), required=False).details == {"it": "2026-06-09"}
    assert one(Input.FILES, [], required=False).uploads == ()
    assert refused(Input.DAY, None)


def test_what_is_not_asked_for_is_a_fault_of_the_caller() -> None:
    with pytest.raises(TypeError, match="test does not ask for a, b"):
        checked(asking(Ask("it", Input.TEXT, "It")), APPEAL, {"b": 1, "it": "x", "a": 2}, AT)
