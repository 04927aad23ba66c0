"""Borders come into force and are taken back by one way, with one set of checks."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from districts.actions import Acceptance, BordersRefused, check, misfit_m2, publish, withdraw
from districts.actions.publish import apply_borders, borders_applied
from districts.choices import districts
from districts.models import BoundaryRevision, District, DistrictBoundary, Service
from districts.routing import Pin, route
from tests.grid import CITY, EAST, IN_EAST, WEST, GridCity, box, names


def today() -> dt.date:
    """The city's day at the moment of asking: a run of the suite may begin on one day and end on the next."""
    return timezone.localdate()


def draft_of(city: GridCity, number: int = 2, *, without: tuple[str, ...] = ()) -> BoundaryRevision:
    """A draft whose only territory is the whole city, under the name and code of the west."""
    draft = BoundaryRevision.objects.create(number=number, name=f"draft {number}", effective_from=today())
    for code, parent in (("city", None), ("west", city.districts["city"])):
        if code not in without:
            DistrictBoundary.objects.create(
                revision=draft,
                district=city.districts[code],
                parent=parent,
                geom=box(CITY),
                **names(f"new {code}"),
            )
    return draft


def in_force() -> BoundaryRevision | None:
    return BoundaryRevision.objects.in_force(today()).first()


def test_a_draft_comes_into_force(city: GridCity) -> None:
    draft = draft_of(city)
    done = publish(draft)
    assert (done.revision, done.in_force) == (draft, draft)
    draft.refresh_from_db()
    assert (draft.state, draft.effective_from, draft.applied) == ("published", today(), True)
    decided = route(Pin(*IN_EAST, city.categories["lamp"].pk), on=today())
    assert decided.district_id == city.districts["west"].pk


def test_without_any_border_nothing_is_published(city: GridCity) -> None:
    empty = BoundaryRevision.objects.create(number=2, name="empty", effective_from=today())
    with pytest.raises(BordersRefused, match="no border of the whole city"):
        publish(empty)
    empty.refresh_from_db()
    assert empty.state == "draft"
    assert in_force() == city.revision
    assert route(Pin(*IN_EAST, city.categories["lamp"].pk), on=today()).revision_id == city.revision.pk


def test_a_second_outline_is_refused(city: GridCity) -> None:
    draft = draft_of(city)
    other = District.objects.create(code="other-city", kind=District.Kind.CITY, **names("other"))
    DistrictBoundary.objects.create(revision=draft, district=other, geom=box(EAST), **names("other"))
    with pytest.raises(BordersRefused, match="more than one border of the whole city"):
        publish(draft)


def test_part_of_a_district_that_is_not_there_is_refused(city: GridCity) -> None:
    draft = draft_of(city)
    quarter = District.objects.create(code="quarter", kind=District.Kind.TERRITORY, **names("quarter"))
    DistrictBoundary.objects.create(
        revision=draft, district=quarter, parent=city.districts["east"], geom=box(EAST), **names("quarter")
    )
    with pytest.raises(BordersRefused, match="part of one that is not in these borders") as refused:
        publish(draft)
    assert [finding.cases for finding in refused.value.findings] == [("quarter en",)]


def test_without_the_office_some_appeals_would_have_no_answer(city: GridCity) -> None:
    Service.objects.filter(is_office=True).update(is_office=False)
    with pytest.raises(BordersRefused, match="no Mayor's Office"):
        publish(draft_of(city))


def test_what_is_published_is_not_published_again(city: GridCity) -> None:
    with pytest.raises(BordersRefused, match="published already"):
        publish(city.revision)


def test_the_former_borders_are_in_force_again_at_once(city: GridCity) -> None:
    draft = draft_of(city)
    publish(draft)
    done = withdraw(draft)
    assert done.in_force == in_force() == city.revision
    draft.refresh_from_db()
    assert (draft.state, draft.applied) == ("withdrawn", False)
    decided = route(Pin(*IN_EAST, city.categories["lamp"].pk), on=today())
    assert decided.district_id == city.districts["east"].pk
    assert District.objects.get(code="west").name_en == "west en"
    publish(draft)
    assert in_force() == draft


def test_the_last_borders_are_not_withdrawn(city: GridCity) -> None:
    with pytest.raises(BordersRefused, match="publish others first"):
        withdraw(city.revision)
    assert in_force() == city.revision


def test_a_draft_is_not_withdrawn(city: GridCity) -> None:
    with pytest.raises(BordersRefused, match="not published"):
        withdraw(draft_of(city))


def test_broken_borders_do_not_come_back(city: GridCity) -> None:
    draft = draft_of(city)
    publish(draft)
    DistrictBoundary.objects.filter(revision=city.revision, district=city.districts["city"]).delete()
    with pytest.raises(
        BordersRefused, match="cannot come into force again: There is no border of the whole city"
    ):
        withdraw(draft)
    assert in_force() == draft


def test_names_are_those_of_the_borders_in_force(city: GridCity) -> None:
    draft = draft_of(city)
    assert District.objects.get(code="west").name_ru == "west ru"
    publish(draft)
    assert District.objects.get(code="west").name_ru == "new west ru"
    # What the borders no longer have keeps its last name.
    assert District.objects.get(code="east").name_ru == "east ru"
    assert [choice.code for choice in districts()] == ["west"]
    assert [choice.code for choice in districts(past=True)] == ["east", "west"]


def test_borders_of_a_later_day_come_into_force_on_it(city: GridCity) -> None:
    draft = draft_of(city)
    done = publish(draft, effective_from=today() + dt.timedelta(days=1))
    assert done.in_force == city.revision
    assert District.objects.get(code="west").name_en == "west en"
    BoundaryRevision.objects.filter(pk=draft.pk).update(effective_from=today())
    applied = []

    def heard(sender: object, revision: BoundaryRevision, **_: object) -> None:
        applied.append(revision)

    borders_applied.connect(heard)
    try:
        assert apply_borders() == draft
        assert apply_borders() == draft
    finally:
        borders_applied.disconnect(heard)
    assert applied == [draft]
    assert District.objects.get(code="west").name_en == "new west en"


def test_a_draft_shows_nowhere(city: GridCity) -> None:
    draft = draft_of(city)
    drawn = District.objects.create(code="drawn", kind=District.Kind.TERRITORY, **names("drawn"))
    DistrictBoundary.objects.create(revision=draft, district=drawn, geom=box(EAST), **names("drawn"))
    assert [choice.code for choice in districts()] == ["east", "west"]
    assert [choice.code for choice in districts(past=True)] == ["east", "west"]


def ill_fitting(city: GridCity, east: tuple[float, float, float, float], number: int = 2) -> BoundaryRevision:
    """A draft of the city, its west and an east with those bounds."""
    draft = BoundaryRevision.objects.create(number=number, name=f"draft {number}", effective_from=today())
    for code, bounds in (("city", CITY), ("west", WEST), ("east", east)):
        DistrictBoundary.objects.create(
            revision=draft,
            district=city.districts[code],
            parent=None if code == "city" else city.districts["city"],
            geom=box(bounds),
            **names(code),
        )
    return draft


#: Of each 0.001 degree by 0.04 are 376,000 m².
MISFITS = {
    "overlap": (72.739, 40.50, 72.78, 40.54),
    "gap": (72.741, 40.50, 72.78, 40.54),
    "beyond": (72.74, 40.50, 72.781, 40.54),
}


class TestMisfits:
    """Ground in several districts, in none or beyond the city's border is published by those alone who accept it."""

    @pytest.mark.parametrize("kind", MISFITS)
    def test_they_are_accepted_or_not_published(self, city: GridCity, kind: str) -> None:
        draft = ill_fitting(city, MISFITS[kind])
        total = misfit_m2(check(draft))
        assert total == pytest.approx(376_000, rel=0.01)
        for accepted in (None, Acceptance(0, "nobody"), Acceptance(total - 2, "nobody")):
            with pytest.raises(
                BordersRefused, match=r"37\d,\d{3} m² do not fit and have not been accepted"
            ) as refused:
                publish(draft, accepted=accepted)
            assert refused.value.findings[0].cases
            draft.refresh_from_db()
            assert (draft.state, draft.accepted_misfits_m2, in_force()) == ("draft", None, city.revision)
        publish(draft, accepted=Acceptance(total, "Айбек"))
        draft.refresh_from_db()
        assert (draft.accepted_misfits_m2, draft.accepted_by) == (total, "Айбек")
        assert in_force() == draft

    def test_the_width_of_a_line_needs_no_word(self, city: GridCity) -> None:
        # Some 750 m², twenty centimetres along a border of four kilometres.
        draft = ill_fitting(city, (72.739998, 40.50, 72.78, 40.54))
        assert 700 < misfit_m2(check(draft)) < 800
        publish(draft, accepted=Acceptance(5_000, "Айбек"))
        draft.refresh_from_db()
        assert (draft.accepted_misfits_m2, draft.accepted_by) == (None, "")

    def test_all_of_them_together_count(self, city: GridCity) -> None:
        # Overlap and what lies beyond the border: some 750 m² each.
        draft = ill_fitting(city, (72.739998, 40.50, 72.780002, 40.54))
        with pytest.raises(BordersRefused, match="not been accepted"):
            publish(draft)

    def test_it_is_said_before_by_the_check(self, city: GridCity) -> None:
        said = [finding.sentence for finding in check(ill_fitting(city, MISFITS["gap"]))]
        assert any("more than 1,000 m²: whoever publishes must accept it" in sentence for sentence in said)

    def test_what_was_accepted_is_published_again(self, city: GridCity) -> None:
        draft = ill_fitting(city, MISFITS["gap"])
        publish(draft, accepted=Acceptance(400_000, "Айбек"))
        draft.refresh_from_db()
        said = [finding.sentence for finding in check(draft)]
        assert any("do not fit, which was accepted by Айбек" in sentence for sentence in said)
        assert not any("must accept it" in sentence for sentence in said)
        withdraw(draft)
        publish(draft)
        draft.refresh_from_db()
        assert draft.accepted_by == "Айбек"

    def test_they_do_not_stand_in_the_way_back(self, city: GridCity) -> None:
        """Of borders from before there was anything to accept, too."""
        DistrictBoundary.objects.filter(revision=city.revision, district=city.districts["east"]).update(
            geom=box(MISFITS["gap"])
        )
        draft = draft_of(city)
        publish(draft)
        assert withdraw(draft).in_force == city.revision

    def test_a_district_may_lie_in_another_that_it_is_part_of(self, city: GridCity) -> None:
        draft = ill_fitting(city, EAST)
        above = city.districts["east"]
        for code, bounds in (
            ("quarter", (72.75, 40.51, 72.77, 40.53)),
            ("yard", (72.755, 40.515, 72.76, 40.52)),
        ):
            part = District.objects.create(code=code, kind=District.Kind.TERRITORY, **names(code))
            DistrictBoundary.objects.create(
                revision=draft, district=part, parent=above, geom=box(bounds), **names(code)
            )
            above = part
        assert misfit_m2(check(draft)) == 0
        DistrictBoundary.objects.filter(revision=draft, district__code="yard").update(
            parent=city.districts["west"]
        )
        # In the quarter and in the east, of which it is no part any more.
        yard_m2 = 5 / 40 * 5 / 40 * 15_050_000
        assert misfit_m2(check(draft)) == pytest.approx(2 * yard_m2, rel=0.01)


class TestCheck:
    def sentences(self, revision: BoundaryRevision) -> dict[str, tuple[str, ...]]:
        return {finding.sentence: finding.cases for finding in check(revision)}

    def test_the_grid_city_leaves_one_category_to_the_office(self, city: GridCity) -> None:
        assert self.sentences(city.revision) == {
            "The Mayor's Office answers where no service does.": ("other en: the whole city",)
        }

    def test_ground_that_no_area_has_is_left_to_the_office(self, city: GridCity) -> None:
        city.add_area("other-west", "roads", WEST, ("other",))
        ((case,),) = self.sentences(city.revision).values()
        # Half of the city: 0.04 degrees of longitude by 0.04 of latitude.
        assert case.startswith("other en: 15,0")

    def test_an_inactive_service_answers_nothing(self, city: GridCity) -> None:
        Service.objects.filter(code="light").update(active=False)
        found = self.sentences(city.revision)
        assert found["Areas of services that are not active decide nothing."] == (
            "light-east en (light en)",
            "light-west en (light en)",
        )
        (lamp, other) = found["The Mayor's Office answers where no service does."]
        assert lamp.startswith("lamp en: ")
        assert other == "other en: the whole city"

    def test_overlaps_gaps_and_what_lies_outside_are_measured(self, city: GridCity) -> None:
        draft = draft_of(city, without=("west",))
        for code, bounds in (
            ("west", (72.69, 40.50, 72.742, 40.54)),
            ("east", (72.74, 40.50, 72.78, 40.5399999)),
        ):
            DistrictBoundary.objects.create(
                revision=draft,
                district=city.districts[code],
                parent=city.districts["city"],
                geom=box(bounds),
                **names(code),
            )
        found = self.sentences(draft)
        (overlap,) = [
            cases for sentence, cases in found.items() if "1 pair of districts overlaps" in sentence
        ]
        assert overlap[0].startswith("east en – west en: 752,")
        ((gap_sentence, gap),) = [(s, cases) for s, cases in found.items() if "1 gap" in s]
        assert "slivers narrower than 1 m: 1" in gap_sentence
        # Four hundredths of a degree long and a centimetre wide, without the part that the west covers.
        assert gap[0].startswith("east en: 35 m²") or gap[0].startswith("east en – west en: 35 m²"), gap
        (outside,) = [cases for sentence, cases in found.items() if "beyond the border" in sentence]
        assert outside[0].startswith("west en: 3,76")

    def test_what_they_have_under_the_code_of_another(self, city: GridCity) -> None:
        # A little more than half of it is left.
        found = self.sentences(ill_fitting(city, (72.7599, 40.50, 72.78, 40.54)))
        assert not any("The same code" in sentence for sentence in found)
        found = self.sentences(draft_of(city, 3))
        cases = found["The same code, but another name or mostly other ground than in force."]
        assert [case.split(":")[0] for case in cases] == ["city", "west"]
        assert "called “west en” before, “new west en” now" in cases[1] and "m² before" in cases[1]

    def test_what_the_borders_in_force_have_besides(self, city: GridCity) -> None:
        found = self.sentences(draft_of(city))
        assert found["Districts of the borders in force are not in these."] == ("east en",)
        assert len(found["Service areas of the borders in force are not in these."]) == 3


class TestCommand:
    def test_it_always_says_something(self, city: GridCity) -> None:
        # Nobody but the Mayor's Office answers for the rest, which is said.
        city.categories["other"].delete()
        assert self.run("check", "1") == "Nothing is wrong with 1. first.\n"
        BoundaryRevision.objects.all().delete()
        assert "There are no boundary revisions" in self.run()

    def run(self, *arguments: str) -> str:
        out = io.StringIO()
        call_command("borders", *arguments, stdout=out, stderr=out)
        return out.getvalue()

    def test_all_of_it(self, city: GridCity) -> None:
        draft_of(city)
        assert "2  draft  draft 2" in self.run()
        assert "note: Districts of the borders in force are not in these." in self.run("check", "2")
        assert f"in force from {today()}. In force now: 2. draft 2" in self.run("publish", "2")
        assert f"2  published from {today()}, in force  draft 2" in self.run("list")
        assert "Withdrawn: 2. draft 2. In force now: 1. first" in self.run("withdraw", "2")

    def test_misfits_are_accepted_by_somebody(self, city: GridCity) -> None:
        ill_fitting(city, MISFITS["overlap"])
        with pytest.raises(CommandError, match="not been accepted .* Nothing was changed"):
            self.run("publish", "2")
        for wrong in ("nan", "inf", "-1", "much"):
            with pytest.raises(CommandError, match="square metres"):
                self.run("publish", "2", "--accept", wrong)
        assert in_force() == city.revision
        self.run("publish", "2", "--accept", "380000", "--accepted-by", "Айбек")
        assert re.search(r"overlaps and gaps of 37\d,\d{3} m², accepted by Айбек", self.run())

    def test_refusals(self, city: GridCity) -> None:
        BoundaryRevision.objects.create(number=2, name="empty", effective_from=today())
        for arguments, words in (
            (("publish", "2"), "no border of the whole city.*Nothing was changed"),
            (("publish", "7"), "needs the number of a revision"),
            (("withdraw",), "needs the number of a revision"),
            (("withdraw", "1"), "publish others first"),
        ):
            with pytest.raises(CommandError, match=words):
                self.run(*arguments)
