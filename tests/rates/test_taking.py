"""Limits are counted in the database, exactly, whoever asks at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import translation
from pytest_django import Settings

from bootstrap.rates import Rate
from jobs.schedule import registered
from rates.models import Bucket
from rates.taking import SUBMIT, UPLOAD, TooMany, charge, check, give_back, sweep, take

ME, OTHER = "address 192.0.2.1", "address 192.0.2.2"


@pytest.fixture(autouse=True)
def _three_a_day(settings: Settings) -> None:
    """So slow that no machine is slow enough for the bucket to refill while it is tried."""
    settings.LIMITS = {"submit": Rate(3, 1, 86_400), "upload": Rate(2, 1, 86_400)}


def taken(times: int, limit=SUBMIT, who: str = ME) -> int:
    done = 0
    for _n in range(times):
        try:
            take(limit, who)
        except TooMany:
            continue
        done += 1
    return done


@pytest.mark.django_db
def test_as_many_as_the_limit_says_for_each_sender_and_limit() -> None:
    assert taken(7) == 3
    assert taken(7, who=OTHER) == 3
    assert taken(7, limit=UPLOAD) == 2


@pytest.mark.django_db
def test_a_refusal_says_when_to_come_again() -> None:
    taken(3)
    with pytest.raises(TooMany) as refused:
        take(SUBMIT, ME)
    assert 86_300 < refused.value.retry_after_s <= 86_400
    assert "24 hours" in str(refused.value)
    with pytest.raises(TooMany), translation.override("ru"):
        check(SUBMIT, ME)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ky", "ru"])
def test_a_refusal_speaks_the_readers_language(language: str) -> None:
    taken(3)
    with pytest.raises(TooMany) as in_english:
        take(SUBMIT, ME)
    with translation.override(language), pytest.raises(TooMany) as refused:
        take(SUBMIT, ME)
    assert str(refused.value) != str(in_english.value)


@pytest.mark.django_db
def test_looking_takes_nothing() -> None:
    for _n in range(9):
        check(SUBMIT, ME)
    assert taken(9) == 3
    with pytest.raises(TooMany):
        check(SUBMIT, ME)


@pytest.mark.django_db
def test_what_is_given_back_can_be_taken_again() -> None:
    taken(3)
    give_back(SUBMIT, ME)
    assert taken(5) == 1
    # Nobody saves up more than there is.
    for _n in range(9):
        give_back(SUBMIT, OTHER)
    assert taken(9, who=OTHER) == 3


@pytest.mark.django_db
def test_what_costs_more_takes_more() -> None:
    take(SUBMIT, ME, cost=2)
    with pytest.raises(TooMany):
        take(SUBMIT, ME, cost=2)
    take(SUBMIT, ME)
    # Whatever costs more than there ever is takes all of it.
    take(SUBMIT, OTHER, cost=99)
    assert taken(3, who=OTHER) == 0


@pytest.mark.django_db
def test_what_is_known_afterwards_is_charged_and_owed_no_longer_than_the_limit_takes_to_refill() -> None:
    charge(SUBMIT, ME, cost=0.5)
    assert taken(9) == 2
    charge(SUBMIT, ME, cost=1_000)
    charge(SUBMIT, OTHER, cost=1_000)
    for sender in (ME, OTHER):
        with pytest.raises(TooMany) as refused:
            take(SUBMIT, sender)
        assert refused.value.retry_after_s <= 86_400


@pytest.mark.django_db
def test_it_refills(settings: Settings) -> None:
    settings.LIMITS = {"submit": Rate(3, 1_000_000, 1)}
    assert taken(50) == 50


@pytest.mark.django_db
def test_a_limit_that_is_off_counts_nothing(settings: Settings) -> None:
    settings.LIMITS = {"submit": None}
    assert taken(50) == 50
    assert not Bucket.objects.exists()


@pytest.mark.django_db
def test_nobodys_address_is_kept() -> None:
    take(SUBMIT, ME)
    bucket = Bucket.objects.get()
    assert "192" not in f"{bucket.key} {bucket.code}"


@pytest.mark.django_db
def test_full_buckets_are_swept_and_others_stay(settings: Settings) -> None:
    taken(2)
    settings.LIMITS = {"submit": Rate(3, 1_000_000, 1)}
    take(SUBMIT, OTHER)
    assert sweep() == 1
    assert Bucket.objects.count() == 1
    assert f"{sweep.__module__}.{sweep.__qualname__}" in {job.name for job in registered()}


@pytest.mark.django_db(transaction=True)
def test_all_at_once_take_no_more_than_there_is() -> None:
    begin = threading.Barrier(8)

    def some(_n: int) -> int:
        try:
            begin.wait()
            return taken(5)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(some, range(8))) == 3


@pytest.mark.django_db(transaction=True)
def test_counting_writes_no_log_that_a_visitor_waits_for() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = %s", [Bucket._meta.db_table])
        assert cursor.fetchone() == ("u",)
    with transaction.atomic():
        take(SUBMIT, ME)
    assert Bucket.objects.count() == 1
