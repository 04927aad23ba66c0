"""The front page: its list, its filters, what it costs and who may keep it."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from appeals.models import Appeal
from appeals.querysets import NEWEST_FIRST
from appeals.vocabulary import OPEN_STATUSES, Status
from public.views.map import PAGE_SIZE
from tests.factories import AppealFactory
from tests.grid import GridCity


def get(client: Client, query: str = "") -> str:
    with translation.override("en"):
        response = client.get(reverse("public:map") + query)
    assert response.status_code == 200
    return str(response.content.decode())


def listed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-appeal="(\d+)"', page)]


@pytest.fixture
def lamps(city: GridCity) -> list[Appeal]:
    """More than a page of appeals; pairs of them came in the same moment. The newest first."""
    now = timezone.now()
    lamp = city.categories["lamp"]
    made = [
        AppealFactory(category=lamp, text=f"lamp {n}", submitted_at=now - timedelta(hours=n // 2))
        for n in range(2 * PAGE_SIZE + 3)
    ]
    return sorted(made, key=lambda appeal: (appeal.submitted_at, appeal.number), reverse=True)


def test_every_appeal_is_on_one_page_of_the_list(client: Client, lamps: list[Appeal]) -> None:
    seen: list[int] = []
    query = "?fragment=list"
    while query:
        page = get(client, query)
        seen += listed(page)
        more = re.search(r'href="\?([^"]*)" data-more', page)
        query = f"?fragment=list&{more[1].replace('&amp;', '&')}" if more else ""
    assert seen == [appeal.number for appeal in lamps]


def test_the_filter_goes_on_to_the_next_page(client: Client, lamps: list[Appeal]) -> None:
    after = NEWEST_FIRST.cursor_at(lamps[PAGE_SIZE - 1])
    assert f'href="?status=new&amp;after={after}"' in get(client, "?status=new")


def test_what_awaits_an_answer_comes_first_and_the_answered_ones_are_counted(
    client: Client, city: GridCity
) -> None:
    lamp = city.categories["lamp"]
    made = {status.value: AppealFactory(category=lamp, status=status).number for status in Status}
    awaiting = {made[status] for status in OPEN_STATUSES}
    page = get(client)
    assert set(listed(page)) == awaiting
    assert "Answered: 2</a>" in page
    assert '<option value="">Awaiting an answer</option>' in page
    every = next(query for query in re.findall(r'href="\?([^"]*)" data-filter-link>Answered', page))
    page = get(client, f"?{every}")
    assert set(listed(page)) == set(made.values())
    assert "Answered: " not in page
    assert ">All statuses</span>" in page
    assert set(listed(get(client, "?status=answered"))) == {made["answered"]}
    # Without a status, and with those that it stands for, it is one page.
    page = get(client, f"?status={','.join(OPEN_STATUSES)}")
    assert set(listed(page)) == awaiting
    assert 'class="chip"' not in page


def test_an_answered_one_that_was_looked_for_is_not_said_to_be_missing(
    client: Client, city: GridCity
) -> None:
    number = AppealFactory(category=city.categories["lamp"], status=Status.CLOSED).number
    for query in ("", f"?q={number}"):
        page = get(client, query)
        assert listed(page) == []
        assert "no appeals yet" not in page
        (every,) = re.findall(r'href="\?([^"]*)" data-filter-link>Show the answered ones', page)
        assert listed(get(client, f"?{every.replace('&amp;', '&')}")) == [number]


def test_each_chip_takes_its_own_filter_away(client: Client, city: GridCity) -> None:
    AppealFactory(category=city.categories["tree"], status=Status.ANSWERED)
    page = get(client, "?category=tree&status=answered&from=2026-01-01")
    chips = re.findall(r'class="chip" href="\?([^"]*)" data-filter-link><span>([^<]*)<', page)
    assert [(query.replace("&amp;", "&"), label) for query, label in chips] == [
        ("category=tree&from=2026-01-01", "Answered"),
        ("status=answered&from=2026-01-01", "tree en"),
        ("status=answered&category=tree", "from 1 Jan 2026"),
    ]


def test_a_malformed_filter_is_told_and_nothing_is_listed(client: Client, lamps: list[Appeal]) -> None:
    as_it_is = get(client)
    for query, words in (
        ("?from=yesterday", "A date must be written"),
        ("?bbox=1,2,3,4,5", "four numbers"),
        ("?status=lost", "Choose among: New (new), "),
        ("?q=%00", "forbidden characters"),
        ("?from=2026-05-02&to=2026-05-01", "ends before it begins"),
    ):
        page = get(client, query)
        assert words in page, query
        assert words not in as_it_is, query
        assert listed(page) == [], query
        assert "data-count=" not in page, query
        # The other two fields are not among those that the menu shows.
        assert ("field-error" in page) is not query.startswith(("?q", "?bbox")), query
        assert "no appeals yet" not in page, query


def test_a_code_that_the_city_does_not_have_is_named(client: Client, lamps: list[Appeal]) -> None:
    page = get(client, "?district=xx&category=lamp&q=nobody")
    assert "District: there is no “xx” here." in page
    assert "Category: there is" not in page
    assert listed(page) == []
    assert "there is no “" not in get(client, "?district=east&q=nobody")


def test_an_invalid_cursor_is_reported_and_the_page_is_the_first(client: Client, lamps: list[Appeal]) -> None:
    cursors = ("0", "99999999999999999999", "-1", "x", "²", "1;drop")
    for fragment, after in itertools.product(("", "fragment=list&"), cursors):
        response = client.get(f"/en/?{fragment}status=new&after={after}")
        page = response.content.decode()
        assert response.status_code == 400, (fragment, after)
        assert "Take this value from the “next” link of a page" in page, (fragment, after)
        assert listed(page)[0] == lamps[0].number, (fragment, after)
        assert 'class="chip" href="?"' in page, (fragment, after)


def test_hidden_appeals_are_not_listed(client: Client, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"], hidden=True)
    assert listed(get(client)) == []


def test_staff_s_pages_are_kept_nowhere(client: Client, city: GridCity, light_user: User) -> None:
    path = reverse("public:map")
    assert client.get(path).headers["Cache-Control"] == "no-cache"
    client.force_login(light_user)
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_the_cost_does_not_grow_with_the_list(
    client: Client, lamps: list[Appeal], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    get(client)
    with django_assert_num_queries(8):
        get(client, "?kind=complaint")
    with django_assert_num_queries(6):
        get(client, f"?kind=complaint&after={NEWEST_FIRST.cursor_at(lamps[PAGE_SIZE])}")


def test_blanks_around_a_value_mean_nothing(city: GridCity, client: Client) -> None:
    late, early = (
        AppealFactory(category=city.categories["lamp"], submitted_at=moment)
        for moment in (timezone.now(), datetime(2020, 1, 1, tzinfo=UTC))
    )
    for query in ("?from=%20", "?to=%20", "?from=%202026-01-01%20", "?bbox=%20", "?q=%20"):
        page = get(client, query)
        assert 'role="alert"' not in page, query
        assert listed(page) == ([late.number] if "2026" in query else [late.number, early.number]), query
