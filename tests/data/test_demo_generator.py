"""Demo appeals: the same for the same seed, inside the city, readable, with plausible histories."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import tomllib
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely
from PIL import Image
from shapely.geometry import shape

from data.demo import PICTURES, DemoAppeal, draw_picture, generate
from data.demo.grammar import kyrgyz, russian
from data.demo.ground import Ground, Spot
from data.demo.texts import texts

OSH = Path(__file__).resolve().parents[2] / "data" / "osh"
UNTIL = dt.date(2026, 11, 20)
ZONE = ZoneInfo("Asia/Bishkek")
#: State before a verb -> state after it: the appeals workflow, deliberately duplicated here.
MOVES = {
    ("new", "accept"): "accepted",
    ("new", "forward"): "new",
    ("accepted", "forward"): "new",
    ("new", "answer"): "answered",
    ("accepted", "answer"): "answered",
    ("answered", "close"): "closed",
    ("answered", "reopen"): "accepted",
    ("closed", "reopen"): "accepted",
    ("answered", "rate"): "answered",
    ("closed", "rate"): "closed",
}


@pytest.fixture(scope="module")
def appeals() -> list[DemoAppeal]:
    return list(generate(OSH, 11, 3000, until=UNTIL))


def last_state(appeal: DemoAppeal) -> str:
    state = "new"
    for step in appeal.steps:
        state = MOVES[state, step.verb]
    return state


def test_the_seed_decides_everything() -> None:
    first = list(generate(OSH, 5, 120, until=UNTIL))
    assert first == list(generate(OSH, 5, 120, until=UNTIL))
    assert first != list(generate(OSH, 6, 120, until=UNTIL))


def test_requested_count_oldest_first_within_two_years(appeals: list[DemoAppeal]) -> None:
    assert len(appeals) == 3000
    times = [appeal.submitted_at for appeal in appeals]
    assert times == sorted(times)
    end = dt.datetime.combine(UNTIL, dt.time(0), ZONE)
    assert times[-1] < end
    assert end - times[0] < dt.timedelta(days=731)
    assert end - times[0] > dt.timedelta(days=700)


def test_every_point_is_strictly_inside_the_city_and_dry(appeals: list[DemoAppeal]) -> None:
    city = next(
        shape(f["geometry"])
        for f in json.loads((OSH / "districts.geojson").read_text(encoding="utf-8"))["features"]
        if f["properties"]["kind"] == "city"
    )
    river = next(
        shape(f["geometry"])
        for f in json.loads((OSH / "base.geojson").read_text(encoding="utf-8"))["features"]
        if f["properties"]["layer"] == "river"
    )
    points = shapely.points([(appeal.lon, appeal.lat) for appeal in appeals])
    assert shapely.contains_properly(city, points).all()
    assert not shapely.contains(river, points).any()


def test_every_text_is_complete(appeals: list[DemoAppeal]) -> None:
    for appeal in appeals:
        assert len(appeal.text) > 25
        assert appeal.address
        written = [appeal.text, *(step.text for step in appeal.steps)]
        assert not any("{" in text or "  " in text for text in written), appeal
        assert appeal.text[0].isupper() or not appeal.text[0].isalpha(), appeal.text


def test_texts_do_not_read_as_one_repeated(appeals: list[DemoAppeal]) -> None:
    assert len({appeal.text for appeal in appeals}) > 2700


def test_every_leaf_occurs_and_both_languages(appeals: list[DemoAppeal]) -> None:
    categories = tomllib.loads((OSH / "categories.toml").read_text(encoding="utf-8"))["category"]
    assert {appeal.category for appeal in appeals} == {row["code"] for row in categories if "parent" in row}
    languages = Counter(appeal.language for appeal in appeals)
    assert 0.40 < languages["ky"] / 3000 < 0.50
    assert languages["ky"] + languages["ru"] == 3000
    kinds = Counter(appeal.kind for appeal in appeals)
    assert set(kinds) == {"report", "complaint", "request", "recommendation"}
    assert 0.7 < kinds["report"] / len(appeals) < 0.85
    # Who appeals under the law says where they live, and nobody else.
    assert all(bool(appeal.postal_address) == (appeal.kind != "report") for appeal in appeals)


def test_histories_follow_the_workflow_in_chronological_order(appeals: list[DemoAppeal]) -> None:
    end = dt.datetime.combine(UNTIL, dt.time(0), ZONE)
    for appeal in appeals:
        last_state(appeal)  # a KeyError is a transition that the workflow does not have
        times = [appeal.submitted_at, *(step.at for step in appeal.steps)]
        assert all(before < after for before, after in itertools.pairwise(times)), appeal
        assert times[-1] < end
        for step in appeal.steps:
            assert (step.to_service is not None) == (step.verb == "forward")
            if step.verb in ("answer", "forward", "reopen"):
                assert step.text


def test_shares_of_states_look_like_a_working_city(appeals: list[DemoAppeal]) -> None:
    states = Counter(last_state(appeal) for appeal in appeals)
    assert 0.02 < states["new"] / 3000 < 0.05
    assert states["closed"] > states["answered"] > states["accepted"] > 20
    verbs = Counter(step.verb for appeal in appeals for step in appeal.steps)
    assert 0.03 < verbs["forward"] / 3000 < 0.07
    assert 0.025 < verbs["reopen"] / 3000 < 0.06


def test_some_answers_are_late_and_some_open_appeals_overdue(appeals: list[DemoAppeal]) -> None:
    end = dt.datetime.combine(UNTIL, dt.time(0), ZONE)
    ground = Ground(OSH)
    answered, late, still_open, overdue = Counter[str](), Counter[str](), 0, 0
    for appeal in appeals:
        # Working days and their weekends: 10 of a report, 14 of the law.
        term = dt.timedelta(days=14 if appeal.kind == "report" else 20)
        service = ground.service_at(Spot(appeal.lon, appeal.lat), appeal.category, appeal.submitted_at.date())
        if at := next((step.at for step in appeal.steps if step.verb == "answer"), None):
            answered[service] += 1
            late[service] += at - appeal.submitted_at > term
        if last_state(appeal) in ("new", "accepted"):
            still_open += 1
            overdue += end - appeal.submitted_at > term
    assert 0.08 < late.total() / answered.total() < 0.2
    # The scoreboard has something to say.
    assert late["tazalyk"] / answered["tazalyk"] < 0.05
    assert late["jer"] / answered["jer"] > 0.3
    assert still_open > 80
    assert 0.1 < overdue / still_open < 0.25


def test_a_forward_goes_to_another_service_than_the_one_that_has_it(appeals: list[DemoAppeal]) -> None:
    ground = Ground(OSH)
    for appeal in appeals:
        for step in appeal.steps:
            if step.verb == "forward":
                holder = ground.service_at(
                    Spot(appeal.lon, appeal.lat), appeal.category, appeal.submitted_at.date()
                )
                assert step.to_service != holder, appeal


def test_winter_is_the_season_of_heating(appeals: list[DemoAppeal]) -> None:
    months = Counter(a.submitted_at.month for a in appeals if a.category == "no-heating")
    assert not any(months[month] for month in (5, 6, 7, 8))
    assert months[1] + months[2] + months[11] + months[12] > 0.7 * months.total()


def test_people_are_invented(appeals: list[DemoAppeal]) -> None:
    for appeal in appeals:
        assert len(appeal.name.split()) == 2
        assert appeal.email.endswith("@example.org")
        assert appeal.email.isascii()
        assert appeal.phone is None or appeal.phone.startswith("+996 ")
    assert len({appeal.name for appeal in appeals}) > 800


def test_every_leaf_has_six_ways_to_say_it_and_four_answers() -> None:
    categories = tomllib.loads((OSH / "categories.toml").read_text(encoding="utf-8"))["category"]
    for language in ("ky", "ru"):
        written = texts(language)
        for row in categories:
            if "parent" in row:
                assert len(written.appeals[row["code"]]) >= 6, (language, row["code"])
                assert len(written.answers[row["code"]]) + len(written.answers[row["parent"]]) >= 4


def test_every_street_and_settlement_can_be_put_into_its_cases() -> None:
    ground = Ground(OSH)
    names = [row["properties"] for row in ground.base if row["properties"]["layer"] == "street"]
    assert sum(row["class"] != "minor" for row in names) > 20
    for row in names:
        if row["class"] != "minor":
            assert kyrgyz(row["name_ky"])["on"]
            assert russian(row["name_ru"])["on"]


@pytest.mark.parametrize(
    ("name", "on", "of", "accusative"),
    [
        ("улица Навои", "на улице Навои", "улицы Навои", "улицу Навои"),
        ("улица Памирская", "на улице Памирской", "улицы Памирской", "улицу Памирскую"),
        ("Узгенская трасса", "на Узгенской трассе", "Узгенской трассы", "Узгенскую трассу"),
        ("224-й квартал", "в 224-м квартале", "224-го квартала", "224-й квартал"),
    ],
)
def test_russian_cases(name: str, on: str, of: str, accusative: str) -> None:
    forms = russian(name)
    assert (forms["on"], forms["of"], forms["acc"]) == (on, of, accusative)


def test_the_area_in_force_on_the_day_decides_the_service() -> None:
    ground = Ground(OSH)
    on_masaliev = Spot(72.8128, 40.5200)
    assert ground.service_at(on_masaliev, "potholes", dt.date(2025, 5, 31)) == "joldor"
    assert ground.service_at(on_masaliev, "potholes", dt.date(2025, 6, 1)) == "kapkurulush"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_decent_jpegs(name: str) -> None:
    raw = draw_picture(name)
    image = Image.open(io.BytesIO(raw))
    assert (image.format, image.size) == ("JPEG", (1200, 900))
    assert 40_000 < len(raw) < 300_000


def test_a_picture_is_the_same_twice() -> None:
    assert draw_picture("pothole") == draw_picture("pothole")
    with pytest.raises(KeyError):
        draw_picture("nothing")
