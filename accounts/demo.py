"""People who can log in to the demo: one representative of each service, a planner of the Mayor's Office, and an operator."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.contrib.auth.hashers import make_password

from accounts.models import Membership, User
from accounts.posts import Post
from districts.models import Service

#: What everybody's password was in demo data until it became a secret of each installation: no longer one.
PUBLISHED_PASSWORD = "map-of-appeals"  # noqa: S105
OPERATOR = "operator"
PLANNER = "planner"


def demo_email(name: str, city_code: str) -> str:
    """The person's e-mail address; .example never resolves (RFC 2606)."""
    return f"{name}@{city_code}.example"


def new_password() -> str:
    """A password for the people of one installation's demo data: 48 random bits, easy to type."""
    return "-".join(secrets.token_hex(2) for _ in range(3))


def make_demo_people(city_code: str, full_name: Callable[[str], str], secret: str) -> dict[str, User]:
    """Representatives by service code, the planner under ``PLANNER``, the operator, a superuser, under ``OPERATOR``.

    ``full_name`` invents a name for the person with that code; ``secret`` is the password of all of them.
    """

    def person(code: str, **extra: bool) -> User:
        first, _, last = full_name(code).partition(" ")
        return User(
            email=demo_email(code, city_code), password=password, first_name=first, last_name=last, **extra
        )

    # Hashed once: a hash slow enough to protect real passwords costs half a second per person.
    password = make_password(secret)
    services = list(Service.objects.order_by("-is_office", "code"))
    people = {service.code: person(service.code) for service in services}
    people[PLANNER] = person(PLANNER)
    people[OPERATOR] = person(OPERATOR, is_staff=True, is_superuser=True)
    User.objects.bulk_create(people.values())
    posts = [
        (people[service.code], service, Post.ADMINISTRATOR if service.is_office else Post.REPRESENTATIVE)
        for service in services
    ]
    posts += [(people[PLANNER], service, Post.PLANNER) for service in services if service.is_office]
    Membership.objects.bulk_create(
        Membership(user=user, service=service, post=post) for user, service, post in posts
    )
    return people
