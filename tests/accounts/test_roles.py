from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Membership, User
from accounts.roles import Role, standing_of
from tests.grid import GridCity, make_city

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> GridCity:
    return make_city()


def member_of(city: GridCity, *codes: str) -> User:
    user = User.objects.create_user("-".join(codes) + "@city.example", "secret-words")
    for code in codes:
        Membership.objects.create(user=user, service=city.services[code])
    return user


def test_anonymous_users_and_people_without_membership_have_no_desk(city: GridCity) -> None:
    assert not standing_of(AnonymousUser()).works_here
    assert not standing_of(User.objects.create_user("idle@city.example")).works_here


def test_representative_has_the_service_role_only_for_their_own_service(city: GridCity) -> None:
    standing = standing_of(member_of(city, "light", "roads"))
    assert standing.role_towards(city.services["light"].pk) is Role.SERVICE
    assert standing.role_towards(city.services["roads"].pk) is Role.SERVICE
    assert standing.role_towards(city.services["green"].pk) is Role.PUBLIC


def test_office_sees_every_service(city: GridCity) -> None:
    standing = standing_of(member_of(city, "office"))
    assert all(standing.role_towards(service.pk) is Role.OFFICE for service in city.services.values())


def test_operator_stands_in_for_the_office(city: GridCity) -> None:
    assert standing_of(User.objects.create_superuser("root@city.example", "secret-words")).office


def test_dismissed_person_has_no_standing(city: GridCity) -> None:
    user = member_of(city, "office")
    user.is_active = False
    assert not standing_of(user).works_here


def test_one_query_a_request(city: GridCity, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    user = member_of(city, "light")
    with django_assert_num_queries(1):
        standing_of(user)
        standing_of(user)


def test_email_is_stored_in_lower_case_and_required() -> None:
    assert User.objects.create_user("Aida@City.Example").email == "aida@city.example"
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user("")
