from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from appeals.deadlines import city_calendar
from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.vocabulary import Status
from desk import queue
from desk.queue import Queue, Tab
from districts.models import Category, Service
from districts.routing import Rule
from tests.desk.pages import counts, get, make, numbers
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import CITY, GridCity


@pytest.mark.parametrize("url", ["/ky/desk/", "/ky/desk/appeals/1/"])
def test_strangers_log_in_first(city: GridCity, client: Client, url: str) -> None:
    response = client.get(url)
    assert (response.status_code, response["Location"]) == (302, f"/ky/accounts/login/?next={url}")


@pytest.mark.parametrize("url", ["/ru/desk/", "/ru/desk/appeals/1/"])
def test_people_of_no_service_have_no_desk(city: GridCity, client: Client, outsider: User, url: str) -> None:
    client.force_login(outsider)
    response = client.get(url)
    assert response.status_code == 403
    assert "Эта страница не для вас" in response.content.decode()


def test_the_own_queue_by_due_date(city: GridCity, client: Client, light_user: User) -> None:
    later, sooner, late = make(city), make(city, due_in=5), make(city, due_in=-4)
    make(city, "pothole", due_in=1)
    make(city, status=Status.ANSWERED)
    client.force_login(light_user)
    assert numbers(get(client)) == [late.number, sooner.number, later.number]


def test_what_found_no_service_waits_with_the_office_until_it_is_given_to_one(
    city: GridCity, client: Client, light_user: User, office_user: User
) -> None:
    office, lamp = city.services["office"], city.categories["lamp"]
    lost, given, own = (
        AppealFactory(category=lamp, service=service, routing__rule=rule)
        for service, rule in (
            (office, Rule.OFFICE), (city.services["light"], Rule.OFFICE), (office, Rule.ONLY_AREA),
        )
    )  # fmt: skip
    client.force_login(office_user)
    page = get(client, "?tab=unrouted")
    assert (numbers(page), counts(page)["unrouted"]) == ([lost.number], "1")
    assert {given.number, own.number} < set(numbers(get(client)))
    client.force_login(light_user)
    assert "unrouted" not in counts(get(client))


def test_tabs_and_their_counts(city: GridCity, client: Client, light_user: User) -> None:
    open_ = make(city, due_in=30)
    soon = make(city, due_in=0)
    overdue = make(city, due_in=-1, status=Status.ACCEPTED)
    answered = make(city, status=Status.ANSWERED)
    closed = make(city, status=Status.CLOSED)
    client.force_login(light_user)
    assert counts(get(client)) == {
        "open": "3",
        "mine": "0",
        "soon": "1",
        "overdue": "1",
        "waiting": "0",
        "answered": "1",
        "closed": "1",
        "hidden": "0",
    }
    for tab, expected in {
        "open": [overdue, soon, open_],
        "soon": [soon],
        "overdue": [overdue],
        "answered": [answered],
        "closed": [closed],
        "nonsense": [overdue, soon, open_],
    }.items():
        assert numbers(get(client, f"?tab={tab}")) == [appeal.number for appeal in expected], tab


def test_the_office_sees_every_service_and_filters_by_one(
    city: GridCity, client: Client, office_user: User
) -> None:
    lamp, pothole = make(city, due_in=1), make(city, "pothole", due_in=2)
    client.force_login(office_user)
    assert numbers(get(client)) == [lamp.number, pothole.number]
    page = get(client, "?service=roads")
    assert numbers(page) == [pothole.number]
    assert counts(page)["open"] == "1"


def test_a_service_cannot_reach_beyond_its_queue(city: GridCity, client: Client, light_user: User) -> None:
    make(city, "pothole")
    client.force_login(light_user)
    assert numbers(get(client, "?service=roads")) == []


def test_search_by_number_words_and_address(city: GridCity, client: Client, light_user: User) -> None:
    one = make(city, text="Мектептин жанында жарык жок", address="Ленин көчөсү, 5")
    two = make(city, text="Парктагы жарык", address="Масалиев көчөсү, 7")
    client.force_login(light_user)
    assert numbers(get(client, "?q=мектептин")) == [one.number]
    assert numbers(get(client, "?q=Масалиев")) == [two.number]
    assert numbers(get(client, f"?q=№{two.number}")) == [two.number]
    assert "Nothing has been found" in get(client, "?q=zzz")
    # What stands in another part of the queue is not said to be nowhere.
    Appeal.objects.filter(pk=two.pk).update(status=Status.ANSWERED)
    page = get(client, f"?tab=open&q={two.number}")
    (there,) = re.findall(r'class="button" href="([^"]*tab=answered[^"]*)">Answered: 1</a>', page)
    assert numbers(get(client, there[there.index("?") :].replace("&amp;", "&"))) == [two.number]


@pytest.mark.parametrize(
    "words",
    ["Эсенов", "эсенова бакыт", "+996 555 98-76-54", "0555987654", "987654", " Bakyt@Mail.EXAMPLE"],
)
def test_the_resident_is_found_by_name_phone_and_mailbox_by_those_who_see_them(
    city: GridCity, client: Client, light_user: User, office_user: User, words: str
) -> None:
    other = {
        "contact__name": "Айбек Асанов",
        "contact__phone": "+996700111222",
        "contact__email": "aibek@mail.example",
    }
    wanted = make(
        city,
        contact__name="Бакыт Эсенов",
        contact__phone="+996555987654",
        contact__email="bakyt@mail.example",
    )
    make(city, **other)
    make(city, "pothole", **other)
    for person in (light_user, office_user):
        client.force_login(person)
        assert numbers(get(client, f"?q={quote(words)}")) == [wanted.number]
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    assert numbers(get(client, f"?q={quote(words)}")) == []
    for path, more in (("/api/appeals.geojson", {}), ("/api/clusters.geojson", {"zoom": 12})):
        answer = client.get(path, {"q": words, "bbox": ",".join(map(str, CITY)), **more})
        assert answer.json()["features"] == [], path


@pytest.mark.parametrize(
    "query", ["?q=" + "x" * 500, "?q=a%00b", "?from=yesterday", "?bbox=1,2,3,4,5", "?kind=joke"]
)
def test_a_broken_filter_is_told_and_narrows_nothing(
    city: GridCity, client: Client, light_user: User, query: str
) -> None:
    appeal = make(city)
    client.force_login(light_user)
    page = get(client, query)
    assert 'role="alert"' in page
    assert numbers(page) == [appeal.number]


def test_a_part_or_an_order_that_is_none_is_told(city: GridCity, client: Client, light_user: User) -> None:
    client.force_login(light_user)
    page = get(client, "?tab=zz&sort=zz")
    assert f"The queue has no such part. This is: {Tab.OPEN.label}." in page
    assert "cannot be sorted like that" in page
    assert 'role="alert"' not in get(client, "?tab=&sort=")


def test_pages_are_stable_while_appeals_leave_the_queue(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 3)
    # Two due dates for eight appeals: the number decides among equals.
    appeals = [make(city, due_in=n // 4) for n in range(8)]
    expected = [appeal.number for appeal in appeals]
    client.force_login(light_user)
    page = get(client)
    assert numbers(page) == expected[:3]
    Appeal.objects.filter(pk=appeals[0].pk).update(status=Status.ANSWERED)
    (following,) = re.findall(r'href="/en/desk/(\?[^"]+)" rel="next"', page)
    second = get(client, following.replace("&amp;", "&"))
    assert numbers(second) == expected[3:6]
    (following,) = re.findall(r'href="/en/desk/(\?[^"]+)" rel="next"', second)
    last = get(client, following.replace("&amp;", "&"))
    assert numbers(last) == expected[6:]
    assert 'rel="next"' not in last


def test_what_is_done_is_listed_newest_first(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    appeals = [make(city, due_in=n, status=Status.CLOSED) for n in range(3)]
    client.force_login(light_user)
    first = get(client, "?tab=closed")
    assert numbers(first) == [appeals[2].number, appeals[1].number]
    (following,) = re.findall(r'href="/en/desk/(\?[^"]+)" rel="next"', first)
    assert numbers(get(client, following.replace("&amp;", "&"))) == [appeals[0].number]


@pytest.mark.parametrize("after", ["~", "2026-01-01~1", "AAAAAAAAAAAAAAAAAAAAAA", "%00"])
def test_an_invalid_cursor_is_reported_and_the_page_is_the_first(
    city: GridCity, client: Client, light_user: User, after: str
) -> None:
    appeal = make(city)
    client.force_login(light_user)
    response = client.get(f"/en/desk/?after={after}")
    page = response.content.decode()
    assert response.status_code == 400
    assert "Take this value from the “next” link of a page" in page
    assert numbers(page) == [appeal.number]


def test_counting_has_an_end(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COUNT_MAX", 2)
    for _ in range(3):
        make(city, due_in=30)
    client.force_login(light_user)
    assert counts(get(client))["open"] == "2+"


def test_counting_what_a_search_finds_ends_earlier_and_says_so(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "FOUND_MAX", 2)
    for _ in range(3):
        make(city, due_in=30, text="Bench")
    client.force_login(light_user)
    assert counts(get(client))["open"] == "3"
    page = get(client, "?q=Bench")
    assert counts(page)["open"] == "2+"
    assert len(numbers(page)) == 3
    assert "1–3 of more than 2" in page


@pytest.mark.parametrize("person", ["light_user", "office_user"])
@pytest.mark.parametrize("sort", ["due", "-due"])
def test_what_is_open_is_read_in_its_order_and_never_sorted(
    city: GridCity, request: pytest.FixtureRequest, person: str, sort: str
) -> None:
    """However many are open, a page reads its own rows."""
    make(city)
    user = request.getfixturevalue(person)
    rows = Queue.of(user, city_calendar()).appeals(AppealFilter()).open()
    page = rows.order_by(*queue.Sort(sort).order.names)[:51]
    with connection.cursor() as cursor:
        # A few rows are read at once and sorted; so it is asked for what many need: a plan sorts now only if no index has
        # the order.
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; "
            "SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off"
        )
    plan = page.explain()
    assert "appeal_open_" in plan
    assert "Sort" not in plan


def test_an_empty_queue_says_so(city: GridCity, client: Client, light_user: User) -> None:
    client.force_login(light_user)
    assert "Nothing awaits an answer" in get(client)
    make(city)
    assert "Nothing awaits an answer" not in get(client)


def test_each_empty_tab_says_how_one_comes_there(city: GridCity, client: Client, office_user: User) -> None:
    client.force_login(office_user)
    said = []
    for tab in Tab:
        page = get(client, f"?tab={tab.value}")
        heading, words = (escape(sentence) for sentence in tab.when_empty)
        assert f"<h2>{heading}</h2><p>{words}</p>" in page
        said.append(heading)
    assert len(set(said)) == len(Tab)


def test_appeals_of_a_kind_are_found_by_it(city: GridCity, client: Client, light_user: User) -> None:
    client.force_login(light_user)
    make(city)
    idea = make(city, kind="recommendation")
    assert '<option value="recommendation">Proposal</option>' in get(client)
    page = get(client, "?kind=recommendation")
    assert re.findall(r'data-appeal="(\d+)"', page) == [str(idea.number)]
    assert '<option value="recommendation" selected>' in page
    # It goes along to the next page, the file and the saved filter.
    for address in ("export.csv?", "export.xlsx?", "print/?", "filters/?", "field/?"):
        assert (
            f"/en/desk/{address}tab=open&amp;kind=recommendation" in page
            or f"/en/desk/{address}kind=recommendation" in page
        )


@pytest.mark.parametrize("person", ["light_user", "office_user"])
def test_a_list_takes_eight_statements_however_long(
    city: GridCity,
    client: Client,
    request: pytest.FixtureRequest,
    person: str,
) -> None:
    client.force_login(request.getfixturevalue(person))
    queries = ["", "?q=Bench", "?q=Bench&tab=closed", "?tab=closed&sort=-received&category=lamp"]

    def statements() -> list[int]:
        taken = []
        for query in queries:
            with CaptureQueriesContext(connection) as captured:
                get(client, query)
            taken.append(len(captured))
        return taken

    for status in (Status.NEW, Status.CLOSED):
        make(city, status=status, text="Bench")
    get(client)  # the first of a session writes it
    # Session, person, services; the calendar, the rows with all counts; what may be chosen.
    before = statements()
    for n in range(11):
        for status in (Status.NEW, Status.CLOSED):
            make(city, due_in=n, status=status, text="Bench")
    assert [len(numbers(get(client, query))) for query in queries] == [12] * 4
    assert statements() == before
    # A code in the filter is looked up when it is read and when it is used, the categories that words may mean when they are used.
    # Whoever moderates reads how many wait.
    most = 9 if person == "office_user" else 8
    assert all(
        n <= most + 2 * ("category" in query) + ("q=" in query)
        for n, query in zip(before, queries, strict=True)
    )


def links(page: str, rel: str) -> list[str]:
    return [
        link.replace("&amp;", "&") for link in re.findall(rf'href="/en/desk/(\?[^"]+)" rel="{rel}"', page)
    ]


def columns(page: str) -> dict[str, tuple[str, str]]:
    """Of each column that sorts: the direction it has now, and where its heading leads."""
    found = re.findall(
        r'desk-table__(\w+)"(?: aria-sort="(\w+)")?><a class="card-table__sort" href="([^"]+)"', page
    )
    return {name: (direction, url.replace("&amp;", "&")) for name, direction, url in found}


@pytest.mark.parametrize("column", ["due", "number", "received"])
def test_each_column_sorts_both_ways_and_says_so(
    city: GridCity, client: Client, light_user: User, column: str
) -> None:
    now = timezone.now()
    days = {"due": [3, 1, 2], "received": [2, 3, 1]}
    appeals = [
        make(city, due_in=due, submitted_at=now - dt.timedelta(days=9 - received))
        for due, received in zip(*days.values(), strict=True)
    ]
    value = {
        "due": lambda appeal: appeal.due_on,
        "number": lambda appeal: appeal.number,
        "received": lambda appeal: appeal.submitted_at,
    }[column]
    rising = [appeal.number for appeal in sorted(appeals, key=value)]
    client.force_login(light_user)
    assert columns(get(client))["due"][0] == "ascending"
    page = get(client, f"?tab=open&sort={column}")
    assert (numbers(page), columns(page)[column][0]) == (rising, "ascending")
    page = client.get(columns(page)[column][1]).content.decode()
    assert (numbers(page), columns(page)[column][0]) == (rising[::-1], "descending")
    assert [name for name, (direction, _url) in columns(page).items() if direction] == [column]


@pytest.mark.parametrize("sort", list(queue.Sort))
def test_the_pages_lead_there_and_back_with_their_numbers(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch, sort: queue.Sort
) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 3)
    monkeypatch.setattr("desk.views.PAGE_SIZE", 3)
    for n in range(8):
        make(city, due_in=n // 4)
    client.force_login(light_user)
    pages = [get(client, f"?sort={sort}")]
    while following := links(pages[-1], "next"):
        pages.append(get(client, following[0]))
    assert [re.findall(r"\d+–\d+ of \d+", page) for page in pages] == [
        ["1–3 of 8"],
        ["4–6 of 8"],
        ["7–8 of 8"],
    ]
    assert len({number for page in pages for number in numbers(page)}) == 8
    assert links(pages[0], "prev") == []
    back = pages[-1]
    for page in reversed(pages[:-1]):
        back = get(client, links(back, "prev")[0])
        assert numbers(back) == numbers(page)
        assert re.findall(r"\d+–\d+ of \d+", back) == re.findall(r"\d+–\d+ of \d+", page)


def test_a_page_whose_appeals_are_all_answered_gives_the_first(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    monkeypatch.setattr("desk.views.PAGE_SIZE", 2)
    appeals = [make(city, due_in=n) for n in range(4)]
    client.force_login(light_user)
    (second,) = links(get(client), "next")
    Appeal.objects.filter(pk__in=[appeal.pk for appeal in appeals[2:]]).update(status=Status.ANSWERED)
    assert numbers(get(client, second)) == [appeals[0].number, appeals[1].number]


def test_the_way_to_an_appeal_and_back_keeps_the_place(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    monkeypatch.setattr("desk.views.PAGE_SIZE", 2)
    appeals = [make(city, due_in=n, text=f"Bench {n}") for n in range(5)]
    make(city, text="Lamp")
    client.force_login(light_user)
    (second,) = links(get(client, "?tab=open&sort=-number&q=Bench"), "next")
    page = get(client, second)
    assert numbers(page) == [appeals[2].number, appeals[1].number]
    (row,) = re.findall(rf'href="(/en/desk/appeals/{appeals[2].number}/[^"]*)"', page)
    opened = client.get(row.replace("&amp;", "&")).content.decode()
    (back,) = re.findall(r'href="(/en/desk/\?[^"#]*)#appeal-', opened)
    assert client.get(back.replace("&amp;", "&")).content.decode().count("data-appeal") == 2
    assert f"/en/desk/{second}".replace("&", "&amp;") == back
    # The next one of this list, in this order, also after a step.
    (following,) = re.findall(r'href="(/en/desk/appeals/\d+/[^"]*)" rel="next"', opened)
    assert following.startswith(f"/en/desk/appeals/{appeals[1].number}/?")
    done = client.post(
        row.replace("&amp;", "&"), {"verb": "answer", "version": 1, "text": "Done"}, follow=True
    )
    assert re.findall(r'href="(/en/desk/appeals/\d+/[^"]*)" rel="next"', done.content.decode()) == [following]
    assert re.findall(r'href="(/en/desk/\?[^"#]*)#appeal-', done.content.decode()) == [back]


def test_hidden_appeals_have_a_list_for_those_who_may_see_them(
    city: GridCity, client: Client, light_user: User, office_user: User
) -> None:
    lamp, pothole = make(city, hidden=True), make(city, "pothole", hidden=True, status=Status.CLOSED)
    make(city)
    for person, expected in ((light_user, {lamp.number}), (office_user, {lamp.number, pothole.number})):
        client.force_login(person)
        page = get(client, "?tab=hidden")
        assert set(numbers(page)) == expected
        assert counts(page)["hidden"] == str(len(expected))


def test_the_header_says_who_is_logged_in_and_for_whom(
    city: GridCity, client: Client, light_user: User, office_user: User
) -> None:
    for person, service in ((light_user, "light en"), (office_user, "office en")):
        client.force_login(person)
        header = get(client).partition("</header>")[0]
        assert str(person) in header
        assert service in header


def test_what_rows_have_in_common_is_drawn_for_each_language_and_day(
    city: GridCity, at_desk: Client, light_user: User
) -> None:
    today = timezone.localdate()
    for days in (1, 2):
        make(city, status="planned", planned_on=today + dt.timedelta(days=days), text="ө" * 200)
    make(city, due_in=-30, warned=2)
    first = re.findall(r'<span class="status__words">([^<]+)</span>', get(at_desk))
    assert len(set(first)) == 2
    page = at_desk.get("/ky/desk/").content.decode()
    kyrgyz = re.findall(r'<span class="status__words">([^<]+)</span>', page)
    assert len(set(kyrgyz)) == 2
    assert not set(first) & set(kyrgyz)
    # The eye has fewer letters in the narrow column, and the day without its year.
    assert f'title="{first[0]}">Planned: ' in get(at_desk)
    brief = re.findall(r'class="status__brief"[^>]*>([^<]+)<', page)
    assert {words.split()[-1] for words in brief} == {
        f"{today + dt.timedelta(days=days):%d.%m}" for days in (1, 2)
    }
    assert f'dir="auto">{"ө" * 139}…</span>' in page
    # How much of a term has passed is said while it runs.
    assert "80 %" not in page


def test_what_people_have_written_is_shown_as_they_wrote_it(
    city: GridCity, client: Client, light_user: User, office_user: User
) -> None:
    client.force_login(office_user)
    make(city)
    get(client)  # what is kept of a page has the former names
    light_user.first_name = "<i>Ада</i>"
    light_user.save()
    Appeal.objects.update(text='<b>"no" & light', address="<u>Lenina</u>", assignee=light_user)
    Category.objects.filter(code="lamp").update(name_en="<s>Lamps</s>")
    Service.objects.filter(code="light").update(short_en="", short_ky="<em>Жарык</em>")
    table = get(client, "?q=light").partition("<table")[2]
    for words in (
        "&lt;i&gt;Ада&lt;/i&gt;",
        "&lt;b&gt;&quot;no&quot; &amp; light",
        "&lt;u&gt;Lenina",
        "&lt;s&gt;Lamps",
    ):
        assert words in table
    assert "&lt;em&gt;Жарык" in table
    assert not re.search("<(i|b|u|s|em)>", table)


def test_without_an_address_the_district_is_named(city: GridCity, client: Client, light_user: User) -> None:
    make(city, address="", district=city.districts["east"])
    client.force_login(light_user)
    assert '<td class="desk-row__where">east en</td>' in get(client)
