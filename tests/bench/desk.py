"""What a desk's list costs among many appeals: blocks of the whole statement against a page of bare rows by their index."""

from __future__ import annotations

from collections.abc import Callable
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
    office = Service.objects.get(is_office=True)
    user = User.objects.create_user("desks@bench.example")
    Membership.objects.create(user=user, service=office)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    cookie = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}

    def ask(path: str) -> None:
        answer = server.session.get(f"{server.url}{path}", cookies=cookie, timeout=60, allow_redirects=False)
        assert answer.status_code == 200, answer.status_code

    try:
        ours = cpu_per_call(ask, ["/en/desk/changes/"] * ASKED, server.pids)
        alone = cpu_per_call(ask, ["/en/desk/session/"] * ASKED, server.pids)
    finally:
        client.logout()
        Membership.objects.filter(user=user).delete()
        user.delete()
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
