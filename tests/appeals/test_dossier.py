"""What a page tells of an appeal, put together from its steps."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser

from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.dossier import dossier_of
from appeals.models import Appeal
from appeals.workflow import ANSWER, REOPEN, SUPPLEMENT


def test_an_answer_comes_before_what_was_added_to_it_and_the_newest_answer_first(
    make: Callable[..., Appeal], service_actor: Person, office_actor: Person
) -> None:
    appeal = make()
    for verb, actor, text in (
        (ANSWER, service_actor, "first"),
        (SUPPLEMENT, service_actor, "to the first"),
        (REOPEN, office_actor, "again"),
        (ANSWER, office_actor, "second"),
        (SUPPLEMENT, service_actor, "to the second"),
        (SUPPLEMENT, service_actor, "and more"),
    ):
        perform(appeal.pk, verb, actor, version=None, text=text)
    dossier = dossier_of(Appeal.objects.get(pk=appeal.pk), AnonymousUser(), internal=False)
    assert [step.event.text for step in dossier.answers] == [
        "second",
        "to the second",
        "and more",
        "first",
        "to the first",
    ]
    assert dossier.standing_answer == dossier.answers[0]
