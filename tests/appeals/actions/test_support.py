from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.utils.crypto import salted_hmac

from appeals.actions.perform import perform
from appeals.actions.support import person_of, support, support_for, supports, take_back
from appeals.actors import Person
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, AppealContact, Support
from appeals.workflow import DUPLICATE, HIDE, SEPARATE
from bootstrap.rates import Rate
from rates.taking import TooMany

ONE, TWO, THREE = ("a" * 43, "b" * 43, "c" * 43)


def people(appeal: Appeal) -> int:
    return Support.objects.of(appeal).people()


def test_a_person_counts_once_and_can_take_it_back(make: Callable[..., Appeal]) -> None:
    appeal, other = make(), make()
    for secret in (ONE, ONE, TWO):
        support(appeal, secret, sender="1.2.3.4")
    assert (people(appeal), people(other)) == (2, 0)
    assert supports(appeal, ONE)
    assert not supports(other, ONE)
    take_back(appeal, ONE)
    take_back(appeal, ONE)
    assert (people(appeal), supports(appeal, ONE), supports(appeal, TWO)) == (1, False, True)
    support(other, TWO, sender="1.2.3.4")
    take_back(appeal, TWO)
    assert (people(appeal), people(other)) == (0, 1), "of that appeal alone"


def test_what_is_kept_is_not_the_secret(make: Callable[..., Appeal]) -> None:
    appeal = make()
    support(appeal, ONE, sender="1.2.3.4")
    assert [*Support.objects.values_list("person", flat=True)] == [person_of(ONE)]
    assert ONE not in person_of(ONE)
    # Nobody is who has no secret, whatever is kept.
    Support.objects.create(appeal=appeal, person=person_of(""))
    assert not supports(appeal, "")


def test_whoever_phones_counts_once_by_the_number_or_else_by_the_address(
    make: Callable[..., Appeal], office_actor: Person, service_actor: Person, settings: LazySettings
) -> None:
    settings.LIMITS = {"support": Rate(3, 1, 86_400)}
    appeal = make()
    phone = "+996555123456"

    def call(by: Person = office_actor, **reach: str) -> None:
        support_for(appeal, **{"phone": "", "email": "", **reach}, by=by, sender="desk")

    for reach in ({"phone": phone, "email": "a@mail.example"}, {"phone": phone}):
        call(**reach)
    # What is kept must stay the same from release to release: with the platform's key, and by this name.
    kept = salted_hmac("supporter", phone, algorithm="sha256").hexdigest()
    assert Support.objects.get().person == person_of(kept)
    for email in ("a@mail.example", "A@Mail.Example", "b@mail.example"):
        call(email=email)
    # The address is that of whoever phoned: both were given together.
    assert people(appeal) == 2
    with pytest.raises(NotAllowed):
        call(service_actor, phone="+996555000000")
    with pytest.raises(Invalid) as refusal:
        call()
    assert list(refusal.value.errors) == ["phone"]
    call(phone="+996555000001")
    with pytest.raises(TooMany):
        call(phone="+996555000002")
    assert people(appeal) == 3


def test_whoever_phones_and_then_writes_is_one_where_that_is_known(
    make: Callable[..., Appeal], office_actor: Person
) -> None:
    phone, email = "+996700111222", "a@mail.example"

    def call(appeal: Appeal, *, phone: str = "", email: str = "") -> None:
        support_for(appeal, phone=phone, email=email, by=office_actor, sender="desk")

    unknown, by_author, later, repeated = (make() for _ in range(4))
    for reach in ({"phone": phone}, {"email": email}):
        call(unknown, **reach)
    assert people(unknown) == 2
    # Said at last, what was counted by each is one.
    call(unknown, phone=phone, email=email)
    assert people(unknown) == 1
    # An author has given both, and has shown that the address is theirs.
    theirs = make(contact__phone=phone, contact__email="A@Mail.example").contact
    call(later, phone=phone)
    AppealContact.objects.filter(pk=theirs.pk).update(email_proven=True)
    for appeal in (by_author, later):
        call(appeal, phone=phone)
        call(appeal, email=email)
        assert people(appeal) == 1
    # So is one that is known by each in two that repeat each other.
    call(repeated, email=email)
    Appeal.objects.filter(pk=repeated.pk).update(
        duplicate_of=later, outcome="duplicate", status="closed", closed_at=later.submitted_at
    )
    assert people(later) == 1
    # A number that several share says nothing of the address.
    make(contact__phone=phone, contact__email="b@mail.example", contact__email_proven=True)
    other = make()
    call(other, phone=phone)
    call(other, email=email)
    assert people(other) == 2


def test_supporters_move_along_with_a_repetition_and_back(
    make: Callable[..., Appeal], service_actor: Person
) -> None:
    first, again, third = make(), make(), make()
    support(first, ONE, sender="1.2.3.4")
    support(again, ONE, sender="1.2.3.4")
    support(again, TWO, sender="1.2.3.4")
    support(third, THREE, sender="1.2.3.4")
    perform(third.pk, DUPLICATE, service_actor, version=1, original=again.number)
    perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
    assert people(first) == 3, "each person once, of repetitions of repetitions too"
    perform(again.pk, SEPARATE, service_actor, version=2)
    assert (people(first), people(again)) == (1, 3)


def test_what_is_over_or_hidden_is_not_supported(
    make: Callable[..., Appeal], service_actor: Person, office_actor: Person
) -> None:
    original, closed, hidden = make(), make(), make()
    perform(closed.pk, DUPLICATE, service_actor, version=1, original=original.number)
    perform(hidden.pk, HIDE, office_actor, version=1, text="It names a neighbour.")
    for appeal in (closed, hidden):
        with pytest.raises(NotAllowed):
            support(appeal, ONE, sender="1.2.3.4")
    assert not Support.objects.exists()


def test_one_address_is_not_everybody(make: Callable[..., Appeal], settings: LazySettings) -> None:
    settings.LIMITS = {"support": Rate(2, 1, 86_400)}
    appeal = make()
    support(appeal, ONE, sender="1.2.3.4")
    support(appeal, ONE, sender="1.2.3.4")
    support(appeal, TWO, sender="1.2.3.4")
    with pytest.raises(TooMany, match="supported"):
        support(appeal, THREE, sender="1.2.3.4")
    support(appeal, THREE, sender="5.6.7.8")
    assert people(appeal) == 3
