"""Who sits at the desk."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def at_desk(client: Client, light_user: User) -> Client:
    client.force_login(light_user)
    return client


@pytest.fixture
def administrator_at_desk(client: Client, administrator: User) -> User:
    client.force_login(administrator)
    return administrator
