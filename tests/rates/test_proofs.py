"""A challenge is solved once, by whoever is where it was asked for, for what it was asked for, within its time."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from django.db.models import F
from pytest_django import Settings

from bootstrap.rates import Rate
from rates.models import Bucket
from rates.proofs import GOOD_S, challenge_for, take_or_ask
from rates.taking import SUBMIT, SUBMIT_PROVEN, SUPPORT, TooMany

pytestmark = pytest.mark.django_db

ME, OTHER = "address 192.0.2.1", "address 192.0.2.2"


@pytest.fixture(autouse=True)
def _four_and_two(settings: Settings) -> None:
    settings.LIMITS = {"submit": Rate(4, 1, 86_400), "submit-proven": Rate(2, 1, 86_400)}
    settings.PROOF_NUMBERS = 20


def solved(challenge: Mapping[str, Any], **changed: object) -> str:
    number = next(
        n
        for n in range(challenge["maxnumber"] + 1)
        if hashlib.sha256(f"{challenge['salt']}{n}".encode()).hexdigest() == challenge["challenge"]
    )
    return base64.b64encode(orjson.dumps({**challenge, "number": number, **changed})).decode()


def _longer(challenge: Mapping[str, Any]) -> str:
    """The same digest of another salt and number, one of whose digits is the time's now."""
    while True:
        said = orjson.loads(base64.b64decode(solved(challenge)))
        first, rest = str(said["number"])[:1], str(said["number"])[1:]
        if rest:
            return solved(challenge, salt=said["salt"] + first, number=int(rest))
        challenge = challenge_for(SUBMIT, ME)


def tried(proof: str | None, sender: str = ME) -> bool:
    return take_or_ask(SUBMIT, SUBMIT_PROVEN, sender, proof)


def test_from_half_of_the_limit_on_a_proof_is_asked_of_whoever_can_give_one() -> None:
    assert [tried(None), tried("")] == [False, False]
    with pytest.raises(TooMany) as asked:
        tried("")
    assert asked.value.challenge is not None
    assert tried(solved(asked.value.challenge)) is False
    # Asking has cost nothing; who knows nothing of proofs is held, and at the end refused, with a challenge.
    assert [tried(None), tried(None)] == [True, True]
    with pytest.raises(TooMany) as refused:
        tried(None)
    assert refused.value.challenge is not None
    assert tried(solved(refused.value.challenge)) is False
    with pytest.raises(TooMany) as over:
        tried(solved(challenge_for(SUBMIT, ME)))
    assert over.value.challenge is None


def test_whoever_is_known_is_asked_for_nothing() -> None:
    assert [tried("", "person 7") for _ in range(4)] == [False] * 4
    with pytest.raises(TooMany) as refused:
        tried("", "person 7")
    assert refused.value.challenge is None


@pytest.mark.parametrize(
    "forged",
    [
        lambda: solved(challenge_for(SUBMIT, OTHER)),
        lambda: solved(challenge_for(SUPPORT, ME)),
        lambda: solved(challenge_for(SUBMIT, ME), number=99),
        lambda: solved(challenge_for(SUBMIT, ME), signature="0" * 64),
        lambda: solved(challenge_for(SUBMIT, ME), salt=7),
        lambda: _longer(challenge_for(SUBMIT, ME)),
        lambda: base64.b64encode(b"[1]").decode(),
        lambda: base64.b64encode(b"\xff{").decode(),
        lambda: "no base64 \u00e9",
        lambda: "A" * 100_000,
    ],
)
def test_what_is_no_solution_of_such_a_challenge_proves_nothing(forged: Callable[[], str]) -> None:
    assert [tried(None), tried(None)] == [False, False]
    with pytest.raises(TooMany):
        tried(forged())
    assert tried(solved(challenge_for(SUBMIT, ME))) is False


def test_a_solution_is_good_once_and_for_some_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [tried(None), tried(None)] == [False, False]
    proof, late = solved(challenge_for(SUBMIT, ME)), solved(challenge_for(SUBMIT, ME))
    assert tried(proof) is False
    with pytest.raises(TooMany):
        tried(proof)
    # As long as it would be good.
    Bucket.objects.filter(code="proof").update(full_at=F("full_at") - dt.timedelta(seconds=GOOD_S - 5))
    with pytest.raises(TooMany):
        tried(proof)
    now = time.time()
    monkeypatch.setattr("rates.proofs.time.time", lambda: now + GOOD_S + 2)
    with pytest.raises(TooMany):
        tried(late)
