"""What is perhaps the same: by place, time, words and picture, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from django.utils import timezone, translation

from appeals.alike import Alike, Signs, alike, find_alike
from appeals.identifiers import new_uuid7
from appeals.limits import ALIKE_DAYS, ALIKE_M
from appeals.models import Appeal
from appeals.vocabulary import Status
from tests.bench.alike import verdicts
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import IN_EAST, GridCity
from tests.realdata import real_file

DARK = "Көчөдө чырак күйбөйт, түнкүсүн караңгы"


def east(metres: float) -> Point:
    """A point that many metres east of the middle of the grid city's east: a degree has 84,600 m there."""
    return Point(IN_EAST[0] + metres / 84_600, IN_EAST[1], srid=4326)


@pytest.fixture
def make(city: GridCity) -> Callable[..., Appeal]:
    def made(metres: float = 0, *, category: str = "lamp", days: float = 0, **given: object) -> Appeal:
        at = timezone.now() - dt.timedelta(days=days)
        of = city.categories[category]
        appeal: Appeal = AppealFactory(category=of, point=east(metres), submitted_at=at, **given)
        return appeal

    return made


def found(make_text: str = "", **given: object) -> list[Alike]:
    lamp = Appeal.objects.order_by("number").first()
    assert lamp is not None
    return find_alike(east(0), lamp.category_id, timezone.now(), text=make_text, most=9, **given)  # type: ignore[arg-type]


class TestCandidates:
    def test_near_in_space_and_time_and_open(self, make: Callable[..., Appeal]) -> None:
        here = make(text="No light")
        far, near = make(0.9 * ALIKE_M), make(20)
        make(1.1 * ALIKE_M)
        make(5, days=ALIKE_DAYS + 1)
        make(5, status=Status.ANSWERED)
        make(5, hidden=True)
        make(5, category="pothole", text="A hole")
        one, other = alike(here, 9)
        assert (one.appeal, other.appeal) == (near, far)
        assert one.signs.metres == pytest.approx(20, abs=0.2)
        assert alike(here, 1) == [one]

    def test_of_another_category_where_words_or_photos_say_so(self, make: Callable[..., Appeal]) -> None:
        make(300)
        pothole = make(10, category="pothole", text=DARK)
        assert found() == []
        assert [one.appeal for one in found(DARK)] == [pothole]
        AttachmentFactory(appeal=pothole, look=0b1011)
        assert found(looks=[-1]) == []
        assert [one.appeal for one in found(looks=[-1, 0b1000])] == [pothole]
        pothole.attachments.update(hidden=True)
        assert found(looks=[0b1000]) == []

    def test_one_query_and_one_more_for_photos(
        self, make: Callable[..., Appeal], django_assert_num_queries: Callable[..., object]
    ) -> None:
        category = make(10).category_id
        for looks, queries in (((), 1), ((1,), 2)):
            with django_assert_num_queries(queries):  # type: ignore[attr-defined]
                find_alike(east(0), category, timezone.now(), looks=looks, most=3)


class TestRank:
    def test_the_likeliest_first(self, make: Callable[..., Appeal]) -> None:
        old, words, near = make(10, days=50), make(40, text=DARK), make(15, text="Something else")
        assert [one.appeal for one in found(DARK + ".")] == [words, near, old]

    def test_each_sign_counts(self) -> None:
        plain = Signs(20, 5, same_category=True)
        assert plain.evidence > Signs(40, 5, same_category=True).evidence
        assert plain.evidence > Signs(20, 9, same_category=True).evidence
        assert plain.evidence > Signs(20, 5, same_category=False).evidence
        assert Signs(20, 5, same_category=True, words=0.5).evidence > plain.evidence
        assert Signs(20, 5, same_category=True, bits=4).evidence > plain.evidence
        assert Signs(20, 5, same_category=True, bits=30).evidence == plain.evidence

    def test_by_the_verdicts_of_a_city_better_than_a_gate(self) -> None:
        gate, curve = verdicts(real_file("chicago_sanitation311_2011_2014.csv.gz"))
        assert gate.recall > 0.98
        ours = next(one for one in curve if one.recall >= gate.recall - 0.0005)
        assert ours.flagged < gate.flagged
        sure = next(one for one in curve if one.recall >= 0.9)
        assert sure.precision > 1.5 * gate.precision


def test_it_is_said_why(make: Callable[..., Appeal]) -> None:
    other = make(28, days=3, text=DARK)
    AttachmentFactory(appeal=other, look=7)
    with translation.override("en"):
        (one,) = found(DARK, looks=[7])
        assert one.reasons == ["28 m away", "3 days ago", "similar words", "a similar photo"]
        Appeal.objects.update(submitted_at=timezone.now())
        (one,) = found()
        assert one.reasons == ["28 m away", "the same day"]


@pytest.mark.parametrize(
    ("language", "written", "before", "after"),
    [
        ("en", "18 days ago", "18 days earlier", "18 days later"),
        ("ru", "18 дней назад", "на 18 дней раньше", "на 18 дней позже"),
        ("ky", "18 күн мурун", "18 күн мурда", "18 күн кийин"),
    ],
)
def test_when_the_other_came_in(
    make: Callable[..., Appeal], language: str, written: str, before: str, after: str
) -> None:
    old, new = make(days=18), make()
    with translation.override(language):
        assert [one.reasons[1] for one in found() if one.appeal == old] == [written]
        (one,), (other,) = alike(new, 9), alike(old, 9)
        assert (one.reasons[1], other.reasons[1]) == (before, after)
        here = {"en": "at the same place", "ru": "на том же месте", "ky": "ошол эле жерде"}
        assert one.reasons[0] == here[language]


def test_the_form_and_the_api_say_the_same_and_one_press_supports_it(
    make: Callable[..., Appeal], client: Client
) -> None:
    other = make(28, days=3, text=DARK)
    lon, lat = IN_EAST
    draft = {"lon": lon, "lat": lat, "category": "lamp", "text": DARK}
    answer = client.post(
        "/api/route", draft, content_type="application/json", headers={"Accept-Language": "en"}
    )
    assert answer["Cache-Control"] == "no-store"
    (said,) = answer.json()["alike"]
    assert (said["number"], said["metres"]) == (other.number, 28)
    assert said["reasons"] == ["28 m away", "3 days ago", "similar words"]
    asked = {name: str(value) for name, value in draft.items()} | {"ask": "who"}
    page = client.post("/en/appeals/new/", asked).content.decode()
    assert "28 m away, 3 days ago, similar words" in page
    assert f'formaction="{said["support_url"]}"' in page
    # What else the form has in it is sent along, and no appeal is made of it.
    client.post(said["support_url"], asked | {"supported": "yes"})
    assert other.supports.count() == 1
    assert Appeal.objects.count() == 1


def test_photos_of_others_tell_nobody_anything(make: Callable[..., Appeal], client: Client) -> None:
    other = make(10, category="pothole", text="x")
    AttachmentFactory(appeal=other, look=7)
    theirs = AttachmentFactory(id=new_uuid7(), appeal=None, look=7, holder="a browser of somebody")
    lon, lat = IN_EAST
    draft = {"lon": lon, "lat": lat, "category": "lamp", "uploads": [str(theirs.pk)]}
    post = {"content_type": "application/json"}
    assert client.post("/api/route", draft, **post).json().get("alike") == []  # type: ignore[arg-type]
    assert client.post("/api/route", draft | {"uploads": ["x"]}, **post).status_code == 400  # type: ignore[arg-type]
