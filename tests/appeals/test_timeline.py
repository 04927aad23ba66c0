"""What happened, in one line of the reader's language."""

from __future__ import annotations

import pytest
from django.utils import translation

from accounts.roles import Role
from appeals.models import Event
from appeals.timeline import title_of
from appeals.vocabulary import Verb
from appeals.workflow import DUPLICATE, VERBS
from districts.models import Service
from tests.verbs import details_of


def happened(verb: Verb, **details: object) -> Event:
    light, roads = (
        Service(short_ky=f"{name} ky", short_ru=f"{name} ru", short_en=f"{name} en")
        for name in ("light", "roads")
    )
    return Event(verb=verb.code, actor_role=Role.SERVICE, service=light, to_service=roads, details=details)


@pytest.mark.parametrize("verb", VERBS.values(), ids=str)
def test_every_verb_has_words_in_every_language(verb: Verb) -> None:
    titles = set()
    for language in ("ky", "ru", "en"):
        with translation.override(language):
            titles.add(title_of(happened(verb, **details_of(verb))))
    assert len(titles) == 3


@pytest.mark.parametrize("number", [7, 20260531, "20260531", "2026W22"])
def test_a_number_is_no_day(number: object) -> None:
    assert title_of(happened(DUPLICATE, original=number)) == f"Repeats appeal № {number}: light en"


def test_a_day_stands_as_people_write_it() -> None:
    assert "8 June 2026" in title_of(happened(VERBS["reply"], due="2026-06-08"))
