"""Fixtures of the whole suite; ./manage.py test sets the environment that they expect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation
from pytest_django import DjangoDbBlocker

from tests import databases


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of this process's own, copied from the migrated template."""
    with django_db_blocker.unblock(), databases.own_database(), django_db_blocker.block():
        yield


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Words in English unless a test says otherwise, whatever the city's own language is."""
    with translation.override("en"):
        yield
