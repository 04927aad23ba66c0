"""Fixtures of pages: the grid city, and who reads or answers there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from accounts.posts import Post
from jobs.limits import COMMANDS, WEB, limit_sessions
from tests.factories import MembershipFactory, UserFactory
from tests.grid import GridCity, make_city


@pytest.fixture
def city(db: None) -> GridCity:
    return make_city()


@pytest.fixture
def media_root(settings: Settings, tmp_path: Path) -> Path:
    """An empty MEDIA_ROOT of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def light_user(city: GridCity) -> User:
    """A representative of the lighting service."""
    return MembershipFactory(service=city.services["light"]).user


@pytest.fixture
def office_user(city: GridCity) -> User:
    """Somebody of the Mayor's Office."""
    return MembershipFactory(service=city.services["office"]).user


@pytest.fixture
def head(city: GridCity) -> User:
    """Who looks after the people of the lighting service."""
    return MembershipFactory(service=city.services["light"], post=Post.HEAD).user


@pytest.fixture
def administrator(city: GridCity) -> User:
    """Who looks after everybody, for the Mayor's Office."""
    return MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user


@pytest.fixture
def outsider(db: None) -> User:
    """A person with a password and no service."""
    return UserFactory()


@pytest.fixture
def committed(transactional_db: None) -> Iterator[GridCity]:
    """The grid city for others' sessions; this process's own have the limits of a web process meanwhile."""
    connection.close()
    limit_sessions(WEB)
    yield make_city()
    connection.close()
    limit_sessions(COMMANDS)
