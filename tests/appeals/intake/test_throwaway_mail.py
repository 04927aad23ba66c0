"""No address that is lost in an hour is taken, whichever door it comes to; what stands already goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import Settings

from appeals.actions.perform import perform
from appeals.actors import Author
from appeals.identity import is_throwaway
from appeals.intake.alerts import ask
from appeals.intake.followers import ask_by_letter
from appeals.intake.lost_links import send_links
from appeals.intake.parse import parse_submission, reach_of
from appeals.intake.sign_in import ask_code
from appeals.models import Appeal, Resident
from appeals.workflow import IDENTIFY
from bootstrap.variables import throwaway_mail
from geo.refusals import Refused
from tests.factories import AppealFactory
from tests.grid import GridCity
from tests.submissions import submission_document

LOST = "x@foo.mailinator.com"


@pytest.mark.parametrize(
    ("address", "is_so"),
    [
        ("x@mailinator.com", True),
        (LOST, True),
        ("x@MAILINATOR.COM", True),
        ("x@my-mailinator.example", False),
        ("x@gmail.com", False),
        ("x@duck.com", False),
        ("x@kept.mailinator.com", False),
        ("x@deep.kept.mailinator.com", False),
        ("x@deep.lost.example", True),
        ("x@xn--80akhbyknj4f.example", True),
        ("x@example", False),
        ("", False),
    ],
)
def test_which(settings: Settings, address: str, is_so: bool) -> None:
    settings.THROWAWAY_MAIL = throwaway_mail("lost.example, -Kept.mailinator.com, испытание.example")
    assert is_throwaway(address) is is_so


DOORS: dict[str, Callable[[Appeal], object]] = {
    "submit": lambda appeal: parse_submission(submission_document(email=LOST), language="en", source="web"),
    "caller": lambda appeal: reach_of({"email": LOST}),
    "sign in": lambda appeal: ask_code(LOST, sender="test"),
    "follow": lambda appeal: ask_by_letter(appeal, LOST, sender="test"),
    "alert": lambda appeal: ask(None, LOST, daily=False, sender="test"),  # type: ignore[arg-type]
    "identify": lambda appeal: perform(
        appeal.pk,
        IDENTIFY,
        Author(appeal.pk),
        version=1,
        kind="request",
        name="Бакыт Эсенов",
        postal_address="Ош",
        email=LOST,
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_at_every_door_it_is_said_beside_the_field(city: GridCity, door: str) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], kind="report")
    with pytest.raises(Refused) as refused:
        DOORS[door](appeal)
    (sentence,) = refused.value.errors["email"]
    assert "throw-away addresses are lost" in sentence


@pytest.mark.django_db
def test_an_account_that_is_there_and_appeals_that_have_one_go_on(city: GridCity) -> None:
    Resident.objects.create(email=LOST)
    assert ask_code(LOST, sender="test").email == LOST
    send_links(LOST, sender="test")
