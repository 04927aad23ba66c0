"""Saved filters: a name for a part of the queue, its count beside the tabs, shared, renamed, removed and put back."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.models import User
from accounts.posts import Post
from desk import queue
from desk.models import SavedFilter
from desk.saved_pages import OWN_MAX, SHARED_MAX
from districts.models import Category
from tests.desk.pages import get, make, numbers
from tests.factories import MembershipFactory
from tests.grid import GridCity

URL = "/en/desk/filters/"


def save(client: Client, name: str, query: str = "", *, status: int = 302) -> str:
    answer = client.post(URL, {"do": "save", "name": name, "query": query})
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def do(client: Client, step: str, row: SavedFilter, *, status: int = 302, **more: object) -> str:
    data = {"do": step, "filter": row.pk, "version": row.version, **more}
    answer = client.post(URL, data, follow=status == 302)
    assert bool(getattr(answer, "redirect_chain", None)) if status == 302 else answer.status_code == status, (
        status
    )
    return answer.content.decode()


def saved_tabs(page: str) -> dict[str, tuple[str, str]]:
    """Count (empty: none) and address of each saved filter above the queue."""
    found = re.search(r'<nav class="tabs desk-tabs desk-saved".*?</nav>', page, re.DOTALL)
    links = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', found[0], re.DOTALL)[:-1] if found else []
    tabs = {}
    for url, inside in links:
        count = re.search(r'<span class="count">([^<]+)</span>', inside)
        words = re.sub(r"<span.*?</span>|<svg.*?</svg>", "", inside).strip()
        tabs[words] = (count[1] if count else "", url.replace("&amp;", "&"))
    return tabs


def test_a_part_of_the_queue_has_a_name_and_its_count(city: GridCity, at_desk: Client) -> None:
    make(city, due_in=-3, text="Жарык жок")
    make(city, due_in=-2, text="Башка")
    make(city, due_in=9, text="Жарык кайда")
    page = get(at_desk, "?tab=overdue&sort=-received&q=жарык")
    offered = re.search(r'href="/en/desk/filters/\?([^"]+)"', page)
    assert offered
    query = offered[1].replace("&amp;", "&")
    assert (
        "Overdue · Words, address or number: жарык · Sorted by: Received ↓"
        in at_desk.get(f"{URL}?{query}").content.decode()
    )
    save(at_desk, "Dark streets", query)
    tabs = saved_tabs(get(at_desk))
    assert tabs["Dark streets"][0] == "1"
    there = get(at_desk, tabs["Dark streets"][1].removeprefix("/en/desk/"))
    assert len(numbers(there)) == 1
    assert f'<a href="{escape(tabs["Dark streets"][1])}" aria-current="page">' in there


def test_counting_stops_where_that_of_the_tabs_does(
    city: GridCity, at_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COUNT_MAX", 2)
    monkeypatch.setattr(queue, "FOUND_MAX", 1)
    for _ in range(3):
        make(city, text="Жарык")
    save(at_desk, "All", "")
    save(at_desk, "Found", "q=жарык")
    page = get(at_desk)
    assert tuple(re.findall(r'<span class="count">[^<]+</span>', page.partition("desk-saved")[2])[:2]) == (
        '<span class="count">2+</span>',
        '<span class="count">1+</span>',
    )


def test_counts_are_right_where_the_list_is_empty(city: GridCity, at_desk: Client) -> None:
    make(city)
    save(at_desk, "All", "")
    save(at_desk, "Lamps", "category=lamp")
    tabs = saved_tabs(get(at_desk, "?tab=closed&q=nothing"))
    assert {name: count for name, (count, _url) in tabs.items()} == {"All": "1", "Lamps": "1"}


@pytest.mark.parametrize("person", ["light_user", "office_user"])
def test_they_cost_no_statement_but_one_for_all_their_codes_and_words(
    city: GridCity, client: Client, request: pytest.FixtureRequest, person: str
) -> None:
    client.force_login(request.getfixturevalue(person))
    make(city)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            get(client)
        return len(captured)

    get(client)
    before = statements()
    for query, more in (("", 0), ("&q=x00", 1), ("&q=x00&category=lamp&service=light&district=east", 1)):
        SavedFilter.objects.all().delete()
        save(client, "n1", f"tab=soon&from=2026-01-01{query}")
        first = SavedFilter.objects.get()
        for n in range(2, OWN_MAX + 1):
            words = first.query.replace("x00", f"x{n:02}").replace("2026-01-01", f"2026-01-{n:02}")
            SavedFilter.objects.create(owner=first.owner, name=f"n{n}", query=words)
        get(client)
        assert len(saved_tabs(get(client))) == OWN_MAX
        # Whoever moderates has one more: how many wait to be looked at.
        assert statements() == before + more <= 9 + more


def test_what_no_longer_parses_says_so_and_shows_nothing(
    city: GridCity, at_desk: Client, light_user: User
) -> None:
    make(city)
    for name, query in {
        "tab": "tab=gone",
        "sort": "sort=colour",
        "day": "from=yesterday",
        "parameter": "smell=bad",
        "code": "category=retired",
    }.items():
        SavedFilter.objects.create(owner=light_user, name=name, query=query)
    SavedFilter.objects.create(owner=light_user, name="fine", query="tab=open")
    tabs = saved_tabs(get(at_desk))
    assert tabs.pop("fine")[0] == "1"
    assert set(tabs) == {"tab", "sort", "day", "parameter", "code"}
    for count, url in tabs.values():
        assert count == ""
        assert url.startswith(f"{URL}#filter-")
    page = at_desk.get(URL).content.decode()
    assert page.count("This filter does not work any more, and shows nothing.") == 5
    assert "names what there is not any more: Category: retired." in page
    assert "A date must be written as 2026-05-31." in page


def test_a_code_that_comes_back_is_found_again(city: GridCity, at_desk: Client) -> None:
    lamp = city.categories["lamp"]
    make(city)
    save(at_desk, "Lamps", "category=lamp")
    Category.objects.filter(pk=lamp.pk).update(code="lantern")
    assert saved_tabs(get(at_desk))["Lamps"][0] == ""
    Category.objects.filter(pk=lamp.pk).update(code="lamp")
    assert saved_tabs(get(at_desk))["Lamps"][0] == "1"


class TestNames:
    def test_each_is_there_once_for_a_person(
        self, city: GridCity, at_desk: Client, office_user: User
    ) -> None:
        save(at_desk, "Mine", "tab=mine")
        page = save(at_desk, " Mine ", "tab=soon", status=400)
        assert "You have a filter of this name already." in page
        assert 'value="Mine"' in page
        other = Client()
        other.force_login(office_user)
        save(other, "Mine", "tab=mine")

    @pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 41, "\x00"])
    def test_it_can_be_read(self, city: GridCity, at_desk: Client, name: str) -> None:
        save(at_desk, name, "tab=mine", status=400)
        assert not SavedFilter.objects.exists()

    def test_so_many_and_no_more(self, city: GridCity, at_desk: Client) -> None:
        for n in range(OWN_MAX):
            save(at_desk, f"n{n}")
        assert "no more fit" in save(at_desk, "one more", status=400)
        first = SavedFilter.objects.order_by("pk")[0]
        do(at_desk, "remove", first)
        save(at_desk, "one more")
        first.refresh_from_db()
        assert "no more fit" in do(at_desk, "restore", first, status=409)

    def test_it_is_changed(self, city: GridCity, at_desk: Client) -> None:
        save(at_desk, "One", "tab=mine")
        save(at_desk, "Two", "tab=soon")
        one = SavedFilter.objects.get(name="One")
        assert "It is called “Three” now." in do(at_desk, "rename", one, name="Three")
        one.refresh_from_db()
        page = do(at_desk, "rename", one, name="Two", status=409)
        assert "You have a filter of this name already." in page
        assert 'value="Two"' in page
        assert set(saved_tabs(get(at_desk))) == {"Two", "Three"}

    def test_of_two_who_change_it_the_second_is_told(self, city: GridCity, at_desk: Client) -> None:
        save(at_desk, "One", "tab=mine")
        seen = SavedFilter.objects.get()
        do(at_desk, "rename", seen, name="Two")
        page = do(at_desk, "rename", seen, name="Three", status=409)
        assert "Somebody has changed this filter meanwhile" in page
        assert 'value="Three"' in page
        assert SavedFilter.objects.get().name == "Two"


def test_what_is_removed_is_put_back(city: GridCity, at_desk: Client) -> None:
    save(at_desk, "One", "tab=mine")
    row = SavedFilter.objects.get()
    page = do(at_desk, "remove", row)
    assert "Put back" in page
    assert saved_tabs(get(at_desk)) == {}
    row.refresh_from_db()
    do(at_desk, "restore", row)
    assert set(saved_tabs(get(at_desk))) == {"One"}


def test_a_name_that_was_given_again_meanwhile_is_not_put_back(city: GridCity, at_desk: Client) -> None:
    save(at_desk, "One", "tab=mine")
    row = SavedFilter.objects.get()
    do(at_desk, "remove", row)
    save(at_desk, "One", "tab=soon")
    row.refresh_from_db()
    assert "You have a filter of this name already." in do(at_desk, "restore", row, status=409)


class TestSharing:
    def shared(self, city: GridCity, client: Client, head: User, name: str = "Ours") -> SavedFilter:
        client.force_login(head)
        save(client, name, "tab=mine")
        row = SavedFilter.objects.get(name=name)
        do(client, f"share:{city.services['light'].pk}", row)
        row.refresh_from_db()
        return row

    def test_everybody_of_the_service_sees_it_on_the_own_desk(
        self, city: GridCity, client: Client, head: User, light_user: User, office_user: User
    ) -> None:
        make(city, assignee=light_user)
        self.shared(city, client, head)
        assert saved_tabs(get(client))["Ours"][0] == "0"
        client.force_login(light_user)
        assert saved_tabs(get(client))["Ours"][0] == "1"
        client.force_login(office_user)
        assert saved_tabs(get(client)) == {}

    def test_only_who_looks_after_the_service_shares(
        self, city: GridCity, at_desk: Client, light_user: User
    ) -> None:
        save(at_desk, "Mine", "tab=mine")
        assert "Share with" not in at_desk.get(URL).content.decode()
        page = do(at_desk, f"share:{city.services['light'].pk}", SavedFilter.objects.get(), status=409)
        assert "You cannot share with this service." in page
        assert SavedFilter.objects.get().service is None

    def test_a_head_shares_with_no_other_service(self, city: GridCity, client: Client, head: User) -> None:
        client.force_login(head)
        save(client, "Mine", "tab=mine")
        do(client, f"share:{city.services['roads'].pk}", SavedFilter.objects.get(), status=409)
        assert SavedFilter.objects.get().service is None

    def test_the_administrator_shares_with_the_office(
        self, city: GridCity, client: Client, office_user: User
    ) -> None:
        office = city.services["office"]
        client.force_login(MembershipFactory(service=office, post=Post.ADMINISTRATOR).user)
        save(client, "Late", "tab=overdue")
        do(client, f"share:{office.pk}", SavedFilter.objects.get())
        client.force_login(office_user)
        assert set(saved_tabs(get(client))) == {"Late"}

    def test_a_reader_changes_nothing(
        self, city: GridCity, client: Client, head: User, light_user: User
    ) -> None:
        row = self.shared(city, client, head)
        client.force_login(light_user)
        for step in ("rename", "remove", "unshare"):
            assert "whoever shares it changes it" in do(client, step, row, name="x", status=409)
        row.refresh_from_db()
        assert (row.name, row.version) == ("Ours", 2)

    def test_strangers_do_not_learn_of_it(
        self, city: GridCity, client: Client, head: User, office_user: User
    ) -> None:
        row = self.shared(city, client, head)
        client.force_login(office_user)
        assert "is not there any more" in do(client, "remove", row)
        row.refresh_from_db()
        assert row.removed_at is None

    def test_it_is_shared_no_more(self, city: GridCity, client: Client, head: User, light_user: User) -> None:
        row = self.shared(city, client, head)
        do(client, "unshare", row)
        assert set(saved_tabs(get(client))) == {"Ours"}
        client.force_login(light_user)
        assert saved_tabs(get(client)) == {}

    def test_so_many_and_no_more(self, city: GridCity, client: Client, head: User) -> None:
        for n in range(SHARED_MAX):
            self.shared(city, client, head, f"n{n}")
        save(client, "one more")
        row = SavedFilter.objects.get(name="one more")
        assert "no more fit" in do(client, f"share:{city.services['light'].pk}", row, status=409)
