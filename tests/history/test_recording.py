"""Every change of the city's own rows leaves a line that names who made it, whichever door it came through, for good."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.utils import InternalError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.invitations import password_link
from accounts.models import Membership, User
from accounts.posts import Post
from appeals.models import Appeal, CalendarDay, LegalTerm
from desk.models import AnswerTemplate
from districts.models import Category, Service
from history.acting import command_of
from history.models import BY_A_COMMAND, PAST_THE_PLATFORM, RowChange
from history.recording import MASKED, recorded_models
from tests.factories import PASSWORD, AppealFactory, CalendarDayFactory, UserFactory
from tests.grid import GridCity

PHONE = "+996322255555"


def latest() -> RowChange:
    change = RowChange.objects.order_by("-pk").first()
    assert change is not None
    return change


def since(begin: int) -> list[RowChange]:
    return list(RowChange.objects.filter(pk__gt=begin).order_by("pk"))


@pytest.fixture
def operator(city: GridCity) -> User:
    return User.objects.create_superuser("root@city.example")


def service_form(service: Service, **changed: str) -> dict[str, str]:
    names = ["code", "phone", "email"]
    names += [f"{name}_{code}" for name in ("name", "short", "description") for code in ("ky", "ru", "en")]
    form = {name: getattr(service, name) or "" for name in names}
    return {**form, "active": "on", **changed}


def test_what_the_admin_changes_names_person_page_and_both_values(
    city: GridCity, client: Client, operator: User
) -> None:
    client.force_login(operator)
    light = city.services["light"]
    page = reverse("admin:districts_service_change", args=[light.pk])
    begin = latest().pk
    assert client.post(page, service_form(light, phone=PHONE)).status_code == 302
    (change,) = since(begin)
    assert (change.table_name, change.row_key, change.operation) == (
        "districts_service",
        str(light.pk),
        "update",
    )
    assert change.changes == {"phone": ["", PHONE]}
    assert (change.by, change.page, change.command) == (operator.pk, "admin:districts_service_change", "")
    client.post(page, service_form(light, phone=PHONE))
    assert latest().pk == change.pk, "what was saved as it was is no change"


def test_the_desk_adds_changes_and_removes(city: GridCity, client: Client, administrator: User) -> None:
    client.force_login(administrator)
    begin = latest().pk
    form = {
        "service": city.services["light"].pk,
        "language": "en",
        "title": "Done",
        "text": "Mended.",
        "version": 0,
    }
    client.post("/en/desk/templates/", form)
    kept = AnswerTemplate.objects.get()
    client.post(f"/en/desk/templates/{kept.pk}/", {**form, "text": "Mended today.", "version": kept.version})
    client.post(f"/en/desk/templates/{kept.pk}/", {"drop": "1"})
    added, changed, removed = since(begin)
    assert {(one.by, one.row_key, one.command) for one in (added, changed, removed)} == {
        (administrator.pk, str(kept.pk), "")
    }
    assert [one.page for one in (added, changed, removed)] == [
        "desk:templates",
        "desk:template",
        "desk:template",
    ]
    assert (added.operation, added.changes["text"]) == ("insert", [None, "Mended."])
    # The count of the form's own is no change.
    assert (changed.operation, changed.changes) == ("update", {"text": ["Mended.", "Mended today."]})
    assert (removed.operation, removed.changes["text"]) == ("delete", ["Mended today.", None])


def test_posts_that_are_given_and_taken(city: GridCity, client: Client, administrator: User) -> None:
    person = UserFactory()
    client.force_login(administrator)
    begin = latest().pk
    page = f"/en/desk/people/{person.pk}/"
    light = city.services["light"].pk
    for post in (Post.REPRESENTATIVE, Post.HEAD):
        client.post(page, {"do": "give", "service": light, "post": post})
    client.post(page, {"do": "take", "service": light})
    client.post(page, {"do": "deactivate"})
    given, raised, taken, out = since(begin)
    assert given.changes["user_id"] == [None, person.pk]
    assert raised.changes == {"post": ["representative", "head"]}
    assert taken.changes["post"] == ["head", None]
    assert out.changes == {"is_active": [True, False]}
    assert {one.by for one in (given, raised, taken, out)} == {administrator.pk}


def _in_bulk(city: GridCity) -> None:
    CalendarDay.objects.bulk_create(
        [CalendarDay(date=dt.date(2027, 5, day), working=False) for day in (3, 4)]
    )


def _many(city: GridCity) -> None:
    with connection.cursor() as cursor:
        rows = [("1", city.services["light"].pk), ("2", city.services["roads"].pk)]
        cursor.executemany("UPDATE districts_service SET phone = %s WHERE id = %s", rows)


def _with(city: GridCity) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH lamp AS (SELECT id FROM districts_category WHERE code = 'lamp')"
            " UPDATE districts_category SET position = 7 FROM lamp WHERE districts_category.id = lamp.id"
        )


@pytest.mark.parametrize(
    ("write", "lines"),
    [
        (lambda city: Service.objects.filter(code__in=["light", "roads"]).update(phone="1"), 2),
        (lambda city: LegalTerm.objects.update(law_ky="100% мыйзам"), 1),
        (_in_bulk, 2),
        (_many, 2),
        (_with, 1),
        (lambda city: city.categories["lamp"].delete(), 1),
    ],
    ids=["update", "terms", "bulk", "many", "with", "delete"],
)
def test_whatever_writes_in_this_process_has_its_name(
    city: GridCity, write: Callable[[GridCity], object], lines: int
) -> None:
    begin = latest().pk
    write(city)
    written = since(begin)
    assert len(written) == lines
    assert {(one.by, one.page) for one in written} == {(None, "")}
    assert {one.command for one in written} == {command_of(sys.argv)} != {""}


def test_a_command_has_its_name_and_psql_has_none(committed: GridCity) -> None:
    light = committed.services["light"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    done = subprocess.run(
        [sys.executable, "-m", "django", "administrator", "aida@city.example"],
        cwd=settings.BASE_DIR, env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = RowChange.objects.filter(BY_A_COMMAND, command="administrator")
    assert set(lines.values_list("table_name", flat=True)) == {"accounts_user", "accounts_membership"}
    with closing(psycopg2.connect(_dsn())) as psql, psql, psql.cursor() as cursor:
        cursor.execute("UPDATE districts_service SET phone = '1' WHERE id = %s", [light.pk])
    (line,) = RowChange.objects.filter(PAST_THE_PLATFORM)
    assert (line.row_key, line.changes) == (str(light.pk), {"phone": ["", "1"]})


def test_outside_of_transactions_each_request_has_its_own_person(committed: GridCity) -> None:
    people = [User.objects.create_superuser(f"{name}@city.example") for name in ("one", "two")]
    kept = [
        AnswerTemplate.objects.create(
            service=committed.services["light"], language="en", title=name, text=name
        )
        for name in ("one", "two")
    ]
    begin = latest().pk
    for person, template in zip(people, kept, strict=True):
        client = Client()
        client.force_login(person)
        client.post(f"/en/desk/templates/{template.pk}/", {"drop": "1"})
    Service.objects.filter(code="light").update(phone="1")
    first, second, third = since(begin)
    assert [first.by, second.by, third.by] == [people[0].pk, people[1].pk, None]
    assert (first.page, third.page) == ("desk:template", "")


def _dsn() -> str:
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in {"dbname", "user", "password", "host", "port"} and value
    }
    return " ".join(f"{name}='{value}'" for name, value in parameters.items())


def test_what_is_rolled_back_has_not_been(city: GridCity) -> None:
    begin = latest().pk
    with transaction.atomic():
        Service.objects.update(phone="1")
        transaction.set_rollback(True)
    assert not since(begin)


def test_no_secret_is_kept_and_that_it_changed_is(city: GridCity, client: Client) -> None:
    person = UserFactory(email="aida@city.example")
    assert latest().changes["email"] == [None, "aida@city.example"]
    assert latest().changes["password"] == []
    begin = latest().pk
    person.set_password("seven lamps of Osh")
    person.save()
    (change,) = since(begin)
    assert change.changes == {"password": []}
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(change::text, ' ') FROM history_rowchange change")
        ((everything,),) = cursor.fetchall()
    assert person.email in everything
    for hashed in User.objects.values_list("password", flat=True):
        assert hashed not in everything
    # A log-in is no change of the person.
    assert (
        client.post(
            "/en/accounts/login/", {"login": person.email, "password": "seven lamps of Osh"}
        ).status_code
        == 302
    )
    assert User.objects.get(pk=person.pk).last_login is not None
    assert latest().pk == change.pk


def test_no_recorded_column_holds_a_secret_under_a_harmless_name() -> None:
    """What a new table brings is looked at here: each column that could be one is masked."""
    known = {"accounts_apikey.token_hash", "accounts_user.password"}
    masked = {
        f"{table}.{field.column}"
        for table, model in recorded_models().items()
        for field in model._meta.concrete_fields
        if re.search(MASKED, field.column)
    }
    assert masked == known
    assert {*recorded_models()} == {
        "accounts_apikey", "accounts_membership", "accounts_user", "accounts_user_groups", "accounts_user_user_permissions",
        "appeals_calendarday", "appeals_commentrule", "appeals_legalterm", "appeals_refusalground", "appeals_supportthreshold", "desk_answertemplate", "news_newsitem",
        "districts_attribute", "districts_attributevalue", "districts_boundaryrevision", "districts_category", "districts_service",
    }  # fmt: skip


def test_a_column_that_is_added_later_is_recorded_too(city: GridCity) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE districts_service ADD COLUMN name_tg text, ADD COLUMN api_key text")
        cursor.execute("UPDATE districts_service SET name_tg = 'Чароғ', api_key = 'x' WHERE code = 'light'")
    assert latest().changes == {"name_tg": [None, "Чароғ"], "api_key": []}


def test_groups_and_permissions_of_django_s_are_rights_too(city: GridCity) -> None:
    person, group = UserFactory(), Group.objects.create(name="readers")
    person.groups.add(group)
    assert (latest().table_name, latest().changes["group_id"]) == ("accounts_user_groups", [None, group.pk])
    person.groups.clear()
    assert latest().operation == "delete"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_rowchange SET by = NULL",
        "DELETE FROM history_rowchange",
        "INSERT INTO history_rowchange SELECT 0, table_name, row_key, operation, changes, at FROM history_rowchange",
    ],
    ids=["update", "delete", "insert"],
)
def test_nobody_changes_or_makes_up_a_line(city: GridCity, statement: str) -> None:
    before = RowChange.objects.count()
    with pytest.raises(InternalError, match="pgtrigger"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(InternalError, match="pgtrigger"), transaction.atomic():
        RowChange.objects.all().delete()
    assert RowChange.objects.count() == before > 0


def test_it_costs_no_statement_and_nothing_else_is_told(
    city: GridCity, client: Client, light_user: User
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], service=city.services["light"])
    with CaptureQueriesContext(connection) as asked:
        Service.objects.filter(code="light").update(phone="1")
    assert len(asked) == 1
    client.force_login(light_user)
    with CaptureQueriesContext(connection) as asked:
        client.post(f"/en/desk/appeals/{appeal.number}/", {"verb": "accept", "version": appeal.version})
    assert Appeal.objects.get(pk=appeal.pk).version == appeal.version + 1
    assert not [query["sql"] for query in asked if "history" in query["sql"]]


def test_a_big_read_is_left_alone(city: GridCity) -> None:
    assert {service.code for service in Service.objects.iterator(chunk_size=1)} >= {"light", "roads"}


def test_who_is_not_logged_in_is_nobody_at_that_page(city: GridCity) -> None:
    person = UserFactory(email="aida@city.example")
    link = urlsplit(password_link(person)).path
    form = Client()
    there = form.get(link, follow=True).redirect_chain[-1][0]
    form.post(there, {"password1": PASSWORD + "!", "password2": PASSWORD + "!"})
    line = latest()
    assert (line.by, line.page, line.command) == (None, "account_reset_password_from_key", "")
    assert line.changes == {"password": []}


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["./manage.py", "seed", "--demo"], "seed"),
        (["/srv/oshcity/manage.py", "shell", "-c", "…"], "shell"),
        (["/venv/django/__main__.py", "loaddata", "rows.json"], "loaddata"),
        (["/venv/bin/django-admin", "dbshell"], "dbshell"),
        (["/venv/pytest/__main__.py", "tests"], "pytest"),
        (["/srv/oshcity/bootstrap/prepare.py"], "prepare"),
        (["-c"], "-c"),
        ([], ""),
    ],
)
def test_the_name_of_a_command(arguments: list[str], name: str) -> None:
    assert command_of(arguments) == name


def test_a_changed_row_is_found_by_its_key(city: GridCity) -> None:
    day, lamp = CalendarDayFactory(), city.categories["lamp"]
    Category.objects.filter(pk=lamp.pk).update(position=9)
    assert RowChange.objects.of(CalendarDay, day.pk).get().operation == "insert"
    assert RowChange.objects.of(Category, lamp.pk).first().changes["position"][1] == 9  # type: ignore[union-attr]
    assert not RowChange.objects.of(Membership).exists()
