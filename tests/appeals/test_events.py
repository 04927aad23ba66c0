"""What an event knows of the appeal, whatever has become of that since."""

from __future__ import annotations

from appeals.models import Appeal, Event
from districts.models import Service

LIGHT, ROADS, GREEN = (Service(pk=key) for key in (1, 2, 3))


def test_whom_the_appeal_was_with_after_the_step() -> None:
    since = Appeal(service=GREEN)
    assert Event(appeal=since, service=LIGHT).given_to is LIGHT
    assert Event(appeal=since, service=LIGHT, to_service=ROADS).given_to is ROADS


def test_a_service_that_the_appeal_has_loaded_is_not_read_again() -> None:
    assert Event(appeal=Appeal(service=LIGHT), service_id=LIGHT.pk).given_to is LIGHT
