"""What a desk's list costs among many appeals: blocks of the whole statement against a page of bare rows by their index,
its pages over HTTP against a view that does nothing, and against the same pages of a city with few appeals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, User
from appeals.deadlines import city_calendar
from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.vocabulary import OPEN_STATUSES
from desk.live import EVERY_MS
from desk.queue import Queue, parse_place
from districts.models import Service
from tests.bench.server import Server
from tests.bench.serving import cpu_per_call
from tests.bench.table import Line

#: Blocks of 8 kB that a list with all its counts may read, however many appeals there are.
BLOCKS_MAX = 1_000
#: Representatives with an open page, and questions of a round.
DESKS = 50
ASKED = 10
LISTS: tuple[dict[str, str], ...] = (
    {},
    {"tab": "overdue"},
    {"tab": "answered"},
    {"tab": "closed", "sort": "-received"},
)

#: Words that most texts of the benchmark's city have, that some have, and that one has.
SEARCHES: tuple[dict[str, str], ...] = (
    {"q": "возле дома"},
    {"q": "кайрылганбыз"},
    {"q": "район"},
    {"q": "түнкүсүн"},
    {"q": "777777"},
    {"q": "возле дома", "tab": "closed"},
    {"q": "кайрылганбыз", "tab": "overdue"},
)
#: A list that is searched, with the counts of its tabs: of the database's time, and against one page of the same words
#: by hand, which is one of ten such parts.
SEARCH_MS_MAX = 500
SEARCH_RATIO_MAX = 20

#: Appeals of the city whose lists cost as much as those of the large one, and how much more is as much.
FEW = 10_000
SAME_MOST = 1.5
#: Of a whole page over HTTP: statements, and such pages that a core of this machine gives in a second.
STATEMENTS_MAX = 8
PAGES_A_SECOND_MIN = 50
NULL = "/peer/null/"

# What the list shows is in the rows; the names beside them and the counts of the tabs are what is held against it.
_BARE = """
SELECT * FROM appeals_appeal
WHERE status = ANY(%s) AND (%s::bigint IS NULL OR service_id = %s) ORDER BY due_on, number LIMIT 51
"""


def desk_lists() -> list[Line]:
    """Of the Mayor's Office and of the service with the most appeals: blocks of each list, and of a bare page."""
    busiest = Appeal.objects.values("service").annotate(n=Count("pk")).order_by("-n")[0]["service"]
    office = Service.objects.get(is_office=True).pk
    lines = []
    with transaction.atomic():
        for name, service in (("the office", office), ("a service", busiest)):
            user = User.objects.create_user(f"{service}@bench.example")
            Membership.objects.create(user=user, service_id=service)
            queue = Queue.of(user, city_calendar())
            only = None if service == office else service
            bare = _blocks(_BARE, [[status.value for status in OPEN_STATUSES], only, only])
            for query in LISTS:
                place, _errors = parse_place(query)
                with CaptureQueriesContext(connection) as captured:
                    queue.listed(place)
                read = sum(_blocks(statement["sql"]) for statement in captured.captured_queries)
                lines.append(
                    Line(
                        f"list of {name}, {place.as_query()}",
                        f"{read:,} blocks",
                        f"{bare:,} of a bare page",
                        read / bare,
                        f"at most {BLOCKS_MAX:,} blocks",
                        read <= BLOCKS_MAX,
                    )
                )
        transaction.set_rollback(True)
    return lines


@dataclass(frozen=True)
class PageCost:
    """CPU milliseconds of server and database for a page, and statements of the database."""

    cpu_ms: float
    statements: int


def list_pages(server: Server) -> Mapping[str, PageCost]:
    """What each list costs as a page over HTTP, by what it is called; under ``NULL`` the view that does nothing."""
    found: dict[str, PageCost] = {}
    busiest = Appeal.objects.values("service").annotate(n=Count("pk")).order_by("-n")[0]["service"]
    for name, service in (("the office", Service.objects.get(is_office=True).pk), ("a service", busiest)):
        with _at_desk(server, service) as (ask, client):
            for query in LISTS:
                path = f"/en/desk/?{_place_of(query)}"
                # The first page of a process asks for what it keeps from then on.
                client.get(path)
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(path).status_code == 200
                cost = cpu_per_call(ask, [path] * ASKED, server.pids)
                found[f"{name}, {_place_of(query)}"] = PageCost(cost, len(captured.captured_queries))
            found[NULL] = PageCost(cpu_per_call(ask, [NULL] * ASKED, server.pids), 0)
    return found


def _place_of(query: Mapping[str, str]) -> str:
    place, _errors = parse_place(query)
    return place.as_query()


def pages_among_many(many: Mapping[str, PageCost], few: Mapping[str, PageCost]) -> list[Line]:
    """Pages a second and core against the view that does nothing; cost and statements against those among few appeals."""
    lines = []
    for called, cost in many.items():
        if called == NULL:
            continue
        rate, before = 1000 / cost.cpu_ms, few[called]
        lines += [
            Line(
                f"page of {called}",
                f"{rate:.0f} a second and core, {cost.cpu_ms:.1f} CPU ms",
                f"{many[NULL].cpu_ms:.2f} of a view that does nothing",
                cost.cpu_ms / many[NULL].cpu_ms,
                f"at least {PAGES_A_SECOND_MIN} a second and core",
                rate >= PAGES_A_SECOND_MIN,
            ),
            Line(
                f"the same among {FEW:,} appeals",
                f"{cost.cpu_ms:.1f} CPU ms, {cost.statements} statements",
                f"{before.cpu_ms:.1f}, {before.statements} among few",
                cost.cpu_ms / before.cpu_ms,
                f"at most {SAME_MOST}, {STATEMENTS_MAX} statements",
                cost.cpu_ms <= SAME_MOST * before.cpu_ms
                and max(cost.statements, before.statements) <= STATEMENTS_MAX,
            ),
        ]
    return lines


@contextmanager
def _at_desk(server: Server, service: int) -> Iterator[tuple[Callable[[str], None], Client]]:
    """A person of the service who is logged in: what asks the server for a page, and a client without a server."""
    user = User.objects.create_user("desks@bench.example")
    Membership.objects.create(user=user, service_id=service)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    cookie = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}

    def ask(path: str) -> None:
        answer = server.session.get(f"{server.url}{path}", cookies=cookie, timeout=60, allow_redirects=False)
        assert answer.status_code == 200, answer.status_code

    try:
        yield ask, client
    finally:
        client.logout()
        Membership.objects.filter(user=user).delete()
        user.delete()


def desk_searches() -> list[Line]:
    """Of the Mayor's Office: time of the statement of a search with the counts of all tabs, and of one page by hand."""
    office = Service.objects.get(is_office=True)
    lines = []
    with transaction.atomic():
        user = User.objects.create_user("searches@bench.example")
        Membership.objects.create(user=user, service=office)
        queue = Queue.of(user, city_calendar())
        for query in SEARCHES:
            place, _errors = parse_place(query)
            rows = queue.in_tab(Appeal.objects.filtered(AppealFilter(q=place.wanted.q)), place.tab)
            page = rows.order_by(*place.sort.order.names)[:51]
            bare = _took_ms(partial(list, page))
            took = _took_ms(partial(queue.listed, place))
            lines.append(
                Line(
                    f"search, {unquote_plus(place.as_query())}",
                    f"{took:,.0f} ms",
                    f"{bare:,.1f} ms of a bare page",
                    took / bare,
                    f"at most {SEARCH_MS_MAX} ms, or {SEARCH_RATIO_MAX} times",
                    took <= max(SEARCH_MS_MAX, SEARCH_RATIO_MAX * bare),
                )
            )
        transaction.set_rollback(True)
    return lines


def _took_ms(read: Callable[[], object]) -> float:
    """Milliseconds of the database's work on the statements of what is read, in a second run of them."""
    with CaptureQueriesContext(connection) as captured:
        read()
    return sum(
        float(_explained(statement["sql"])["Execution Time"]) for statement in captured.captured_queries
    )


def open_desks(server: Server) -> list[Line]:
    """CPU of the question that each open desk asks every few seconds, against one that reads no list; for 50 desks."""
    with _at_desk(server, Service.objects.get(is_office=True).pk) as (ask, _client):
        ours = cpu_per_call(ask, ["/en/desk/changes/"] * ASKED, server.pids)
        alone = cpu_per_call(ask, ["/en/desk/session/"] * ASKED, server.pids)
    share = ours / EVERY_MS * DESKS
    return [
        Line(
            f"{DESKS} open desks that ask every {EVERY_MS / 1000:.0f} s",
            f"{share:.0%} of a core, {ours:.1f} CPU ms each",
            f"{alone:.1f} without the list",
            ours / alone,
            "at most half a core",
            share <= 0.5,
        )
    ]


def _blocks(statement: str, values: list[Any] | None = None) -> int:
    plan = _explained(statement, values)["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _explained(statement: str, values: list[Any] | None = None) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values)
        found: dict[str, Any] = cursor.fetchone()[0][0]
    return found
