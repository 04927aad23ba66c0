"""The Mayor's Office works in the admin by its membership alone; services and strangers have no business there."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership, User
from appeals.models import CalendarDay
from tests.factories import CalendarDayFactory, MembershipFactory
from tests.grid import GridCity

DAY = {"date": "2026-06-01", "name_ky": "Майрам", "name_ru": "Праздник"}


def test_the_office_keeps_the_calendar_there(city: GridCity, office_user: User) -> None:
    client = Client()
    client.force_login(office_user)
    assert client.get(reverse("admin:index")).status_code == 200
    saved = client.post(reverse("admin:appeals_calendarday_add"), DAY)
    assert saved.status_code == 302, saved.content.decode()
    day = CalendarDay.objects.get()
    change = reverse("admin:appeals_calendarday_change", args=[day.pk])
    assert client.post(change, {**DAY, "name_ru": "Выходной"}).status_code == 302
    assert CalendarDay.objects.get().name_ru == "Выходной"
    client.post(reverse("admin:appeals_calendarday_delete", args=[day.pk]), {"post": "yes"})
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize(("language", "words"), [("ru", "Всего: 5"), ("ky", "Баары: 5"), ("en", "In all: 5")])
def test_a_list_says_how_many_rows_it_has(
    city: GridCity, client: Client, office_user: User, language: str, words: str
) -> None:
    """Without the rows' name, whose form after a number only people know: not 5 «дни календаря»."""
    for day in range(1, 6):
        CalendarDay.objects.create(date=f"2031-01-{day:02}", working=False, name="x")
    client.force_login(office_user)
    with translation.override(language):
        address = reverse("admin:appeals_calendarday_changelist")
    assert words in client.get(address).content.decode()


def test_the_way_there_is_in_the_menu_of_each_page(
    city: GridCity, office_user: User, light_user: User
) -> None:
    for user, ways in ((office_user, 2), (light_user, 0)):
        client = Client()
        client.force_login(user)
        with translation.override("en"):
            page = client.get(reverse("desk:queue")).content.decode()
            # On a desk below the name, on a phone in the menu of the bar.
            assert [
                len(re.findall(rf'<a href="{reverse("admin:index")}">', part)) for part in _menus(page)
            ] == [
                ways // 2,
                ways // 2,
            ]


def _menus(page: str) -> list[str]:
    return [
        page.partition(start)[2].partition("</details>")[0]
        for start in ('class="account ', 'class="site-bar__more')
    ]


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("districts_category_add", 200),
        ("districts_service_changelist", 200),
        ("districts_boundaryrevision_changelist", 200),
        ("districts_district_changelist", 200),
        ("districts_place_changelist", 200),
        ("appeals_calendarday_add", 200),
        ("appeals_legalterm_changelist", 200),
        ("appeals_appeal_changelist", 200),
        # Who works here, and with what rights, is the operator's alone.
        ("accounts_user_changelist", 403),
        ("accounts_user_add", 403),
        ("accounts_membership_add", 403),
        ("auth_group_changelist", 403),
        ("appeals_message_changelist", 403),
        ("django_tasks_database_dbtaskresult_changelist", 403),
    ],
)
def test_what_the_office_may_open(city: GridCity, office_user: User, page: str, status: int) -> None:
    CalendarDayFactory()
    client = Client()
    client.force_login(office_user)
    assert client.get(reverse(f"admin:{page}")).status_code == status


def test_services_and_strangers_stay_outside(city: GridCity, light_user: User, outsider: User) -> None:
    for user in (light_user, outsider):
        client = Client()
        client.force_login(user)
        assert client.get(reverse("admin:index"), follow=True).status_code == 403
        assert client.post(reverse("admin:appeals_calendarday_add"), DAY, follow=True).status_code == 403
    assert not CalendarDay.objects.exists()


def test_whoever_leaves_the_office_leaves_the_admin(city: GridCity, office_user: User) -> None:
    client = Client()
    client.force_login(office_user)
    assert client.get(reverse("admin:index")).status_code == 200
    Membership.objects.filter(user=office_user).delete()
    assert client.get(reverse("admin:index"), follow=True).status_code == 403
    membership = MembershipFactory(user=office_user, service=city.services["office"])
    User.objects.filter(pk=office_user.pk).update(is_active=False)
    assert client.get(reverse("admin:index")).status_code == 302
    assert membership.user == office_user


def test_rights_given_by_the_operator_count_beside_the_role(city: GridCity, office_user: User) -> None:

    office_user.user_permissions.add(Permission.objects.get(codename="view_message"))
    client = Client()
    client.force_login(office_user)
    assert client.get(reverse("admin:appeals_message_changelist")).status_code == 200


def test_the_way_to_the_admin_is_shown_to_those_who_may_enter(
    city: GridCity, office_user: User, light_user: User
) -> None:
    for user, shown in ((office_user, True), (light_user, False)):
        client = Client()
        client.force_login(user)
        assert ('href="/en/admin/"' in client.get("/en/desk/").content.decode()) is shown
