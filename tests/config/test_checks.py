"""System checks: silent on this machine, and each reports a problem when it should."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from accounts.demo import PUBLISHED_PASSWORD
from accounts.models import User
from config import checks
from config.city import CITY
from tests.factories import UserFactory


class Answers:
    """A database that answers each statement containing a key with the key's value; fit by default."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {
            "pg_attrdef": CITY.metric_srid,
            "server_version_num": 15,
            "rolsuper": False,
            "pg_available_extensions": "postgis pg_trgm btree_gist",
            "extversion": "3.3.2",
            "postgis_lib_version": "3.3.2",
            "pg_encoding_to_char": "UTF8",
            "lower(": True,
            "datctype": "C.UTF-8",
            "spatial_ref_sys": 1,
            "FROM pg_extension": "plpgsql postgis pg_trgm btree_gist",
            "to_regclass": "districts_installedcity",
            "FROM districts_installedcity": CITY.code,
            "FROM districts_service": 1,
            "FROM accounts_membership": 1,
            "FROM appeals_refusalground": 1,
        } | dict(answers)

    def __call__(self, statement: str) -> Any:
        # The first matching key: "extversion" comes before the table it is read from.
        return next(value for key, value in self.answers.items() if key in statement)


@pytest.mark.django_db
def test_this_machine_is_fit():
    found = [
        message for message in run_checks(databases=["default"]) if str(message.id).startswith("oshcity.")
    ]
    assert found == []


@pytest.mark.parametrize("check", checks.DATABASE_CHECKS)
def test_fit_database_has_no_messages(check):
    assert check(Answers({})) == []


@pytest.mark.parametrize(
    ("answers", "number", "words"),
    [
        ({"server_version_num": 14}, "E004", "PostgreSQL 14 is too old"),
        ({"FROM pg_extension": "plpgsql postgis pg_trgm"}, "E005", "lacks the extension btree_gist"),
        ({"extversion": "3.2.1", "postgis_lib_version": "3.2.1"}, "E006", "PostGIS 3.2.1"),
        ({"extversion": "3.3.2", "postgis_lib_version": "3.4.0"}, "W006", "the machine has 3.4.0"),
        ({"pg_encoding_to_char": "SQL_ASCII"}, "E007", "encoding SQL_ASCII"),
        ({"lower(": False, "datctype": "C"}, "E007", "locale C:"),
        ({"spatial_ref_sys": 0}, "E008", "does not know EPSG:"),
        ({"FROM districts_installedcity": "moon"}, "E012", "another city (moon)"),
        ({"pg_attrdef": 32642}, "E018", "this database was set up with 32642"),
        ({"rolsuper": True}, "W014", "as a superuser"),
        ({"FROM accounts_membership": None}, "W016", "Nobody is an administrator"),
        ({"FROM appeals_refusalground": None}, "W017", "No ground for a refusal"),
    ],
)
def test_unfit_database(answers, number, words):
    (message,) = [message for check in checks.DATABASE_CHECKS for message in check(Answers(answers))]
    assert message.id == f"oshcity.{number}"
    assert words in message.msg
    assert message.hint


@pytest.mark.parametrize(
    ("held", "hint"),
    [("chicago", "export CITY_PROFILE=data/chicago"), ("moon", "See CITY_PROFILE in docs/settings.md.")],
)
def test_of_another_city_the_profile_is_named_where_it_is_known(held: str, hint: str) -> None:
    (message,) = checks.city_is_the_profiles(Answers({"FROM districts_installedcity": held}))
    assert message.hint == hint


@pytest.mark.django_db
def test_the_metric_crs_of_a_database_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CITY", dataclasses.replace(CITY, metric_srid=32642))
    found = {message.id: message for message in run_checks(databases=["default"])}
    assert f"set up with {CITY.metric_srid}" in found["oshcity.E018"].msg
    assert f"metric_srid = {CITY.metric_srid}" in str(found["oshcity.E018"].hint)


def test_database_without_postgis_is_reported_once():
    found = [
        message
        for check in checks.DATABASE_CHECKS
        for message in check(Answers({"FROM pg_extension": "plpgsql"}))
    ]
    assert [message.id for message in found if "postgis" in message.msg] == ["oshcity.E005"]


def test_psycopg_3_is_an_error(monkeypatch: pytest.MonkeyPatch):
    assert checks.psycopg_3_is_absent() == []
    monkeypatch.setattr(checks, "find_spec", lambda name: object() if name == "psycopg" else None)
    (message,) = checks.psycopg_3_is_absent()
    assert message.is_serious()
    assert "pip uninstall -y psycopg" in message.hint


@pytest.mark.parametrize(
    ("text", "oldest", "fits"),
    [
        ("3.12.4", (3, 6), True),
        ("3.6.0dev", (3, 6), True),
        ("3.5.9", (3, 6), False),
        ("3.14.1-CAPI-1.20.5", (3, 11), True),
        ("3.9.0-CAPI-1.16.2", (3, 11), False),
    ],
)
def test_versions_are_compared_as_numbers(text, oldest, fits):
    assert (checks.version_message("GDAL", text, oldest, "oshcity.E002") == []) is fits


def test_superuser_may_still_create_what_the_server_has():
    """Before its first migration a new database has none of them, and ``migrate`` must be allowed to run."""
    assert checks.extensions_are_there(Answers({"FROM pg_extension": "plpgsql", "rolsuper": True})) == []
    missing = Answers(
        {"FROM pg_extension": "", "rolsuper": True, "pg_available_extensions": "pg_trgm btree_gist"}
    )
    assert [message.id for message in checks.extensions_are_there(missing)] == ["oshcity.E005"]


@pytest.mark.parametrize(
    ("srid", "words"),
    [
        (4326, "measures in degree"),
        (3435, "measures in US survey foot"),
        (2, "there is no such code"),
        (3857, "1,000 m at the centre measure 1,3"),
        (32616, "1,000 m at the centre measure"),
    ],
)
def test_metric_crs_must_measure_metres_in_this_city(srid: int, words: str):
    assert checks.metric_crs_fault(CITY) is None
    fault = checks.metric_crs_fault(dataclasses.replace(CITY, metric_srid=srid))
    assert fault is not None
    assert fault.startswith(f"metric_srid = {srid}: must be")
    assert words in fault


@pytest.mark.parametrize(
    ("country", "subdivision", "words"),
    [
        ("ZZ", None, "calendar.country = 'ZZ': must be"),
        ("US", "XX", "calendar.subdivision = 'XX': must be one of AK, AL"),
        ("KG", "XX", "calendar.subdivision = 'XX': must be left out"),
    ],
)
def test_calendar_must_exist(country: str, subdivision: str | None, words: str):
    assert checks.calendar_fault(CITY) is None
    city = dataclasses.replace(CITY, calendar_country=country, calendar_subdivision=subdivision)
    fault = checks.calendar_fault(city)
    assert fault is not None
    assert words in fault


def test_every_fault_of_a_profile_is_an_error(monkeypatch: pytest.MonkeyPatch):
    wrong = dataclasses.replace(CITY, metric_srid=4326, calendar_subdivision="XX")
    monkeypatch.setattr(checks, "CITY", wrong)
    assert [message.id for message in checks.profile_is_usable()] == ["oshcity.E010", "oshcity.E011"]


@pytest.mark.django_db
class TestPublishedPassword:
    @pytest.fixture(autouse=True)
    def people(self) -> None:
        for name in ("operator", "tazalyk"):
            person: User = UserFactory(email=f"{name}@{CITY.code}.example", is_superuser=name == "operator")
            person.set_password(PUBLISHED_PASSWORD)
            person.save()

    def found(self) -> list[Any]:
        return checks.demo_people_have_no_published_password(databases=["default"])

    def test_of_a_superuser_keeps_a_public_site_closed(self, settings: Settings):
        assert self.found() == []
        settings.PUBLIC_URL_IS_LOCAL = False
        (message,) = self.found()
        assert message.is_serious()
        assert message.hint == f"./manage.py changepassword operator@{CITY.code}.example"

    def test_of_others_is_a_warning(self, settings: Settings):
        settings.PUBLIC_URL_IS_LOCAL = False
        User.objects.get(is_superuser=True).delete()
        (message,) = self.found()
        assert not message.is_serious()
        assert f"tazalyk@{CITY.code}.example" in message.msg

    def test_of_nobody_is_fine(self, settings: Settings):
        settings.PUBLIC_URL_IS_LOCAL = False
        for person in User.objects.all():
            person.set_password("of this installation")
            person.save()
        assert self.found() == []
