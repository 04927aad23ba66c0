"""Fixtures of pages: the grid city, and who reads or answers there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.posts import Post
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
