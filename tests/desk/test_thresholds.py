"""From how many voices on the city answers: set by the Mayor's Office alone, all or nothing, and kept who did it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from appeals.actions.support import support
from appeals.actions.thresholds import mark_of
from appeals.actions.thresholds import stored as thresholds
from appeals.importing.terms import load_thresholds
from appeals.models import SupportThreshold
from appeals.vocabulary import Kind
from districts.importing.entries import EntryRefused
from history.models import RowChange
from tests.factories import AppealFactory
from tests.grid import GridCity

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client, office_user: User) -> Client:
    client.force_login(office_user)
    return client


def form(**given: str) -> dict[str, str]:
    blank = {"voices-": "300", "days-": "180"}
    blank |= {f"{name}-{code}": "" for name in ("voices", "days") for code in ("east", "west")}
    return blank | {name.replace("_", "-"): value for name, value in given.items()}


def stored() -> dict[str, tuple[int, int]]:
    rows = SupportThreshold.objects.values_list("district__code", "voices", "days")
    return {code or "": (voices, days) for code, voices, days in rows}


def send(client: Client, **given: str) -> tuple[int, str]:
    seen = given.pop("seen", mark_of(thresholds()))
    answer = client.post(reverse("desk:thresholds"), form(**given) | {"seen": seen}, follow=True)
    return answer.status_code, answer.content.decode()


def test_the_city_and_where_it_differs(office: Client, office_user: User, city: GridCity) -> None:
    assert (
        'name="voices-" type="number" inputmode="numeric" min="1"'
        in office.get(reverse("desk:thresholds")).content.decode()
    )
    proposal = AppealFactory(
        category=city.categories["lamp"], service=city.services["office"], kind=Kind.RECOMMENDATION
    )
    support(proposal, "browser", sender="here")
    support(proposal, "another", sender="here", email="a@mail.example")
    support(proposal, "a third", sender="here")
    for page in (reverse("desk:thresholds"), reverse("desk:appeal", args=[proposal.number])):
        shown = office.get(page).content.decode()
        assert "3 of 300 voices" in shown
        assert "Voices confirmed by e-mail or phone: 1; by a browser alone: 2" in shown
    assert "Thresholds that were changed: 2." in send(office, voices_west="100", days_west="0")[1]
    assert stored() == {"": (300, 180), "west": (100, 0)}
    assert "Nothing was changed." in send(office, voices_west="100", days_west="0")[1]
    assert "Thresholds that were changed: 1." in send(office)[1]
    assert stored() == {"": (300, 180)}
    changes = RowChange.objects.filter(table_name="appeals_supportthreshold")
    assert {change.operation for change in changes} == {"insert", "delete"}
    assert {change.by for change in changes} == {office_user.pk}


@pytest.mark.parametrize(
    "given",
    [
        {"voices_": ""},
        {"voices_": "0"},
        {"voices_": "1000001"},
        {"voices_": "²"},
        {"voices_west": "5"},
        {"voices_west": "5", "days_west": "-1"},
        {"voices_west": "5", "days_west": "3651"},
        {"voices_west": "99999999999999999999", "days_west": "1"},
    ],
)
def test_what_cannot_be_taken_changes_nothing(office: Client, city: GridCity, given: dict[str, str]) -> None:
    status, page = send(office, voices_east="7", days_east="7", **given)
    assert status == 400
    assert "Nothing was stored" in page and 'aria-invalid="true"' in page
    assert 'value="7"' in page, "what was typed is kept"
    assert stored() == {}


def test_nobody_overwrites_what_somebody_else_has_set(office: Client, city: GridCity) -> None:
    seen = mark_of(thresholds())
    send(office, voices_west="100", days_west="0")
    status, page = send(office, voices_west="50", days_west="0", seen=seen)
    assert status == 409
    assert "Somebody else has changed" in page and 'value="50"' in page
    assert stored()["west"] == (100, 0)


def test_nobody_else(client: Client, light_user: User) -> None:
    client.force_login(light_user)
    assert client.post(reverse("desk:thresholds"), form()).status_code == 403


def test_those_of_the_profile(tmp_path: Path, city: GridCity) -> None:
    def load(text: str) -> int:
        (tmp_path / "terms.toml").write_text(text, encoding="utf-8")
        return load_thresholds(tmp_path)

    for wrong in ("voices = 0", 'voices = 5\ndistrict = "nowhere"', "voices = 5\n[[support]]\nvoices = 6"):
        with pytest.raises(EntryRefused):
            load(f"[[support]]\n{wrong}")
    assert load('[[support]]\nvoices = 5\n[[support]]\ndistrict = "west"\nvoices = 6\ndays = 9') == 2
    assert stored() == {"": (5, 180), "west": (6, 9)}
    assert load("[[support]]\nvoices = 7") == 0, "what the Office has set since is its own"
