"""The scoreboard against an independent count: each appeal's history read step by step, hours counted by the half hour."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from scipy.stats import binomtest

from accounts.models import User
from accounts.posts import Post
from appeals.actions.perform import perform
from appeals.actors import PLATFORM, Actor, Author, Person
from appeals.deadlines import LegalClock
from appeals.errors import NotAllowed
from appeals.filters import AppealFilter
from appeals.models import Appeal, Event, LegalTerm
from appeals.vocabulary import Status
from appeals.workflow import (
    ACCEPT,
    ANSWER,
    CLOSE,
    ESCALATE,
    EXTEND,
    FORWARD,
    HIDE,
    IDENTIFY,
    RATE,
    REOPEN,
    WITHDRAW,
)
from desk import scoreboard
from desk.scoreboard import AGE_BANDS, By, Score, Scoreboard, score
from tests.factories import AppealFactory, CalendarDayFactory, LegalTermFactory, MembershipFactory
from tests.grid import GridCity

ZONE = ZoneInfo("Asia/Bishkek")
#: Steps are taken at whole half hours, which is what the independent count counts.
STEP = dt.timedelta(minutes=30)
BEGIN = dt.datetime(2026, 4, 20, tzinfo=ZONE)
NOW = dt.datetime(2026, 7, 15, 11, 30, tzinfo=ZONE)
SPANS = ((dt.time(9), dt.time(13)), (dt.time(14), dt.time(18)))


@pytest.fixture(autouse=True)
def _office_hours(settings: Settings) -> None:
    settings.OFFICE_HOURS = SPANS


def moment(day: int, hour: float = 10) -> dt.datetime:
    """An hour of a day of June 2026, which has no holidays in Kyrgyzstan; the 1st is a Monday."""
    return dt.datetime(2026, 6, 1, tzinfo=ZONE) + dt.timedelta(days=day - 1, hours=hour)


def appeal_at(city: GridCity, at: dt.datetime, category: str = "lamp", district: str = "east") -> Appeal:
    return AppealFactory(
        category=city.categories[category], submitted_at=at, district=city.districts[district]
    )


def take(appeal: Appeal, verb: object, actor: Actor, at: dt.datetime, **given: object) -> None:
    perform(appeal.pk, verb, actor, version=None, at=at, **given)  # type: ignore[arg-type]


@pytest.fixture
def people(city: GridCity) -> dict[str, Person]:
    return {code: Person(MembershipFactory(service=service).user) for code, service in city.services.items()}


# --- The independent count.


@dataclass
class Case:
    """One row's share of an appeal."""

    start: dt.datetime
    answered: dt.datetime | None = None
    closed: dt.datetime | None = None
    left: dt.datetime | None = None
    moved_on: bool = False
    reopened: bool = False
    said: bool | None = None
    open: bool = False
    terms: list[bool] = field(default_factory=list)


def histories(*, by_service: bool) -> Iterator[tuple[Appeal, int, Case]]:
    """Each appeal with its cases: one with each service that had it, or one in all."""
    clock = LegalClock.read()
    for appeal in Appeal.objects.all():
        events = list(Event.objects.filter(appeal=appeal).order_by("version"))
        case = Case(appeal.submitted_at)
        cases = [(events[0].service_id if events else appeal.service_id, case)]
        due, answered = clock.due_on(appeal.kind, appeal.submitted_at), False
        for event in events:
            if event.verb == "extend":
                due = dt.date.fromisoformat(event.details["due"])
            elif event.verb == "answer":
                case.answered = case.answered or event.at
                if event.at.astimezone(ZONE).date() <= due:
                    case.terms.append(True)
                else:
                    holder(cases, due).terms.append(False)
                answered = True
            elif event.verb == "reopen":
                case.reopened, case.left = True, None
                due, answered = clock.due_on(appeal.kind, event.at), False
            elif event.verb == "forward" and by_service:
                case.left, case.moved_on = event.at, True
                case = Case(event.at)
                cases.append((event.to_service_id or 0, case))
            elif event.verb == "withdraw":
                case.left, answered = event.at, True
                if event.at.astimezone(ZONE).date() > due:
                    holder(cases, due).terms.append(False)
            if event.verb in {"close", "reopen"} and event.actor_role == "resident":
                case.said = event.verb == "close"
        if appeal.status == "closed" and case.left is None:
            case.closed = [event.at for event in events if event.verb == "close"][-1]
        case.open = appeal.status in {"new", "accepted"}
        if case.open and not answered and NOW.date() > due:
            holder(cases, due).terms.append(False)
        for service, each in cases:
            yield appeal, service, each


def holder(cases: list[tuple[int, Case]], due: dt.date) -> Case:
    return [case for _service, case in cases if case.start.astimezone(ZONE).date() <= due][-1]


def hours(start: dt.datetime, end: dt.datetime) -> Fraction:
    calendar = LegalClock.read().calendar
    halves, at = 0, start.astimezone(ZONE)
    while at < end:
        if calendar.is_working(at.date()) and any(opens <= at.time() < closes for opens, closes in SPANS):
            halves += 1
        at += STEP
    return Fraction(halves, 2)


def quantile(cases: list[tuple[Fraction, bool]], share: Fraction) -> Fraction | None:
    waiting = Fraction(1)
    for time in sorted({duration for duration, happened in cases if happened}):
        at_risk = sum(duration >= time for duration, _happened in cases)
        waiting *= 1 - Fraction(sum(duration == time and happened for duration, happened in cases), at_risk)
        if waiting <= 1 - share:
            return time
    return None


def check(found: Score, cases: list[tuple[Appeal, Case]]) -> None:
    alone = [case for _appeal, case in cases]
    assert found.n == len(alone)
    for half, most, event in (
        (found.answer_half, found.answer_most, "answered"),
        (found.closing_half, found.closing_most, "closed"),
    ):
        watched = [
            (hours(case.start, getattr(case, event) or case.left or NOW), getattr(case, event) is not None)
            for case in alone
        ]
        assert half.happened == sum(happened for _duration, happened in watched)
        assert half.watched == max(duration for duration, _happened in watched)
        assert (half.value, most.value) == (
            quantile(watched, Fraction(1, 2)),
            quantile(watched, Fraction(9, 10)),
        )
    terms = [kept for case in alone for kept in case.terms]
    assert (found.kept.part, found.kept.n) == (sum(terms), len(terms))
    answered = [case for case in alone if case.answered]
    assert (found.reopened.part, found.reopened.n) == (sum(case.reopened for case in alone), len(answered))
    said = [case.said for case in alone if case.said is not None]
    assert (found.solved.part, found.solved.n) == (sum(said), len(said))
    assert found.moved_on == sum(case.moved_on for case in alone)
    calendar = LegalClock.read().calendar
    ages = [
        calendar.working_days_between(
            appeal.submitted_at.astimezone(ZONE).date() - dt.timedelta(days=1),
            NOW.date() - dt.timedelta(days=1),
        )
        for appeal, case in cases
        if case.open
    ]
    assert (found.open, found.oldest) == (len(ages), max(ages, default=None))
    lows = (-1, *AGE_BANDS)
    assert found.ages == tuple(
        sum(low < age <= high for age in ages) for low, high in zip(lows, (*AGE_BANDS, 10**6), strict=True)
    )


def check_equity(board: Scoreboard, code: str, cases: list[tuple[Appeal, Case]]) -> None:
    assert board.equity
    row = next(row for row in board.equity.services if row.code == code)
    halves: dict[str, Fraction | None] = {}
    for name, found in zip(board.equity.districts, row.districts, strict=True):
        watched = [
            (hours(case.start, case.answered or case.left or NOW), case.answered is not None)
            for appeal, case in cases
            if appeal.district.name == name
        ]
        assert (found is None) == (not watched)
        if found:
            assert (found.half.n, found.half.happened) == (
                len(watched),
                sum(happened for _h, happened in watched),
            )
            halves[name] = quantile(watched, Fraction(1, 2))
            assert (found.half.value, found.most.value) == (halves[name], quantile(watched, Fraction(9, 10)))
    if len(halves) > 1 and all(halves.values()):
        known = {name: half for name, half in halves.items() if half}
        assert row.times == pytest.approx(float(max(known.values()) / min(known.values())))


def live(city: GridCity, people: dict[str, Person], source: random.Random, count: int) -> None:
    """Appeals that people do with what they please, for some months."""
    for _n in range(count):
        at = BEGIN + STEP * source.randrange(48 * 60)
        appeal = appeal_at(
            city, at, source.choice(["lamp", "pothole", "tree"]), source.choice(["west", "east"])
        )
        for _step in range(source.randrange(7)):
            at += STEP * source.randrange(1, 48 * 12)
            if at >= NOW:
                break
            appeal.refresh_from_db()
            mine = people[appeal.service.code]
            if appeal.is_open:
                verb = source.choice([ACCEPT, ANSWER, ANSWER, FORWARD, FORWARD, EXTEND, WITHDRAW])
                given: dict[str, object] = {"text": "Words"} if verb is not ACCEPT else {}
                if verb is FORWARD:
                    others = [one for one in city.services.values() if one.pk != appeal.service_id]
                    given["to_service"] = source.choice(others)
                with suppress(NotAllowed):  # accepted or extended before
                    take(appeal, verb, Author(appeal.pk) if verb is WITHDRAW else mine, at, **given)
            elif source.random() < 0.5:
                take(appeal, REOPEN, Author(appeal.pk), at, text="Not done")
            elif appeal.status == Status.ANSWERED:
                take(appeal, CLOSE, source.choice([mine, Author(appeal.pk)]), at)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_equals_an_independent_count(
    city: GridCity, people: dict[str, Person], office_user: User, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(scoreboard, "ENOUGH", 1)
    LegalTerm.objects.update(extension_days=5)
    CalendarDayFactory(date=dt.date(2026, 5, 8), working=False)
    CalendarDayFactory(date=dt.date(2026, 5, 16), working=True)
    live(city, people, random.Random(seed), 18)
    board = score(office_user, AppealFilter(), By.SERVICE, NOW)
    whole = [(appeal, case) for appeal, _service, case in histories(by_service=False)]
    assert any(case.reopened for _appeal, case in whole)
    check(board.whole, whole)
    parts = list(histories(by_service=True))
    assert len(parts) > len(whole)
    for code, service in city.services.items():
        cases = [(appeal, case) for appeal, pk, case in parts if pk == service.pk]
        rows = [row for row in board.rows if row.code == code]
        assert len(rows) == bool(cases)
        if cases:
            check(rows[0], cases)
            check_equity(board, code, cases)
    for by, key in (
        (By.DISTRICT, lambda appeal: appeal.district.code),
        (By.CATEGORY, lambda appeal: appeal.category.code),
        (By.MONTH, lambda appeal: f"{appeal.submitted_at.astimezone(ZONE):%Y-%m}"),
    ):
        board = score(office_user, AppealFilter(), by, NOW)
        assert {row.code for row in board.rows} == {key(appeal) for appeal, _case in whole}
        for row in board.rows:
            check(row, [(appeal, case) for appeal, case in whole if key(appeal) == row.code])
    light = score(office_user, AppealFilter(service="light"), By.DISTRICT, NOW)
    check(light.whole, [(a, case) for a, pk, case in parts if pk == city.services["light"].pk])


# --- What nobody can do to look better.


def test_hiding_forwarding_and_closing_again_make_no_figure_better(
    city: GridCity, people: dict[str, Person], office_user: User
) -> None:
    # Due on the 19th; passed on when it was late, and answered by the other at once.
    late = appeal_at(city, moment(1))
    take(late, HIDE, people["office"], moment(2), text="Names")
    take(late, FORWARD, people["light"], moment(22), text="Yours", to_service=city.services["roads"])
    take(late, ANSWER, people["roads"], moment(22, 11), text="Done")
    rows = {row.code: row for row in score(office_user, AppealFilter(), By.SERVICE, NOW).rows}
    assert (rows["light"].kept.part, rows["light"].kept.n, rows["light"].moved_on) == (0, 1, 1)
    assert (rows["light"].answer_half.happened, rows["light"].answer_half.watched) == (0, 15 * 8)
    assert rows["roads"].kept.n == 0
    assert (rows["roads"].answer_half.happened, rows["roads"].answer_half.watched) == (1, 1)
    # Closed, opened again by its author and left so: nothing has been closed, and its second term is not over.
    take(late, CLOSE, people["roads"], moment(23))
    take(late, REOPEN, Author(late.pk), moment(24), text="No")
    (whole,) = [score(office_user, AppealFilter(), By.MONTH, NOW).whole]
    assert (whole.closing_half.happened, whole.open) == (0, 1)
    assert (whole.solved.part, whole.solved.n) == (0, 1)
    assert (whole.kept.part, whole.kept.n) == (0, 2)


def test_open_and_overdue_is_not_kept_and_what_still_runs_is_left_out(
    city: GridCity, office_user: User
) -> None:
    appeal_at(city, moment(1))
    appeal_at(city, NOW - dt.timedelta(days=1))
    board = score(office_user, AppealFilter(), By.SERVICE, NOW)
    assert (board.whole.kept.part, board.whole.kept.n, board.running) == (0, 1, 1)


def test_a_late_escalation_is_no_due_date(
    city: GridCity, people: dict[str, Person], office_user: User
) -> None:
    appeal = appeal_at(city, moment(1))
    take(appeal, ESCALATE, PLATFORM, moment(23))
    take(appeal, ANSWER, people["light"], moment(24), text="Done")
    whole = score(office_user, AppealFilter(), By.SERVICE, NOW).whole
    assert (whole.kept.part, whole.kept.n) == (0, 1)


# --- The page.

URL = "/en/desk/scoreboard/"


@pytest.mark.parametrize("path", [URL, "/en/desk/scoreboard.csv", "/en/desk/scoreboard-districts.csv"])
def test_it_is_the_offices(
    city: GridCity, client: Client, light_user: User, office_user: User, path: str
) -> None:
    assert client.get(path).status_code == 302
    client.force_login(light_user)
    assert client.get(path).status_code == 403
    client.force_login(office_user)
    assert client.get(path).status_code == 200


def test_too_few_cases_are_said_instead_of_a_figure(
    city: GridCity, client: Client, office_user: User, people: dict[str, Person]
) -> None:
    client.force_login(office_user)
    now = timezone.now()
    for n in range(scoreboard.ENOUGH):
        appeal = appeal_at(city, now - dt.timedelta(days=60))
        if n:
            take(appeal, ANSWER, people["light"], now - dt.timedelta(days=58), text="Done")
    page = client.get(URL).content.decode()
    row = page[page.index('<tr class="card-table__row score-row">') :]
    assert "too few (9)" in row  # answers, of which some may be reopened
    assert "too few (0)" in row  # authors who said something
    assert "too few (10)" not in row
    assert "90 % <span" in row  # of ten terms, the tenth of which is overdue
    assert "fewer than 10 cases" in page


def test_the_table_is_sorted_as_asked(city: GridCity, client: Client, office_user: User) -> None:
    client.force_login(office_user)
    for category, count in (("lamp", 2), ("pothole", 3), ("tree", 1)):
        for _n in range(count):
            appeal_at(city, timezone.now() - dt.timedelta(days=3), category)

    def names(query: str) -> list[str]:
        table = client.get(URL + query).content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
        return [part.partition("</th>")[0] for part in table.split('<th scope="row">')[1:]]

    assert names("") == ["green en", "light en", "roads en"]
    assert names("?sort=-n") == ["roads en", "light en", "green en"]
    assert names("?sort=n") == ["green en", "light en", "roads en"]
    assert names("?by=category&sort=-n") == ["pothole en", "lamp en", "tree en"]


def test_open_leads_to_the_map_of_the_backlog(
    city: GridCity, client: Client, office_user: User, people: dict[str, Person]
) -> None:
    client.force_login(office_user)
    for category in ("lamp", "lamp", "tree"):
        answered = appeal_at(city, timezone.now() - dt.timedelta(days=3), category)
        appeal_at(city, timezone.now() - dt.timedelta(days=2), category)
        take(answered, ANSWER, people[answered.service.code], timezone.now(), text="Done")
    page = client.get(URL).content.decode()
    links = re.findall(r'href="(/en/reports/heatmap[^"]*)">(\d+)</a>', page)
    assert [int(count) for _url, count in links] == [1, 2, 3]
    for url, count in links:
        report = client.get(url.replace("&amp;", "&"))
        assert report.status_code == 200
        assert report.context["heatmap"].total == int(count)
    assert (
        "/reports/heatmap"
        not in client.get(f"{URL}?by=month").content.decode().partition("<tfoot>")[0].partition("<tbody>")[2]
    )


def test_the_head_of_a_service_sees_its_own_board_and_no_other(city: GridCity, client: Client) -> None:
    for category in ("lamp", "pothole"):
        AppealFactory(category=city.categories[category], submitted_at=timezone.now())
    head = MembershipFactory(service=city.services["light"], post=Post.HEAD).user
    client.force_login(head)
    assert "/en/desk/scoreboard/" in client.get("/en/desk/").content.decode()
    page = client.get("/en/desk/scoreboard/").content.decode()
    assert "light en" in page
    assert "roads en" not in page
    assert '<select id="service"' not in page
    for path in ("/en/desk/scoreboard/", "/en/desk/scoreboard.csv"):
        assert client.get(path, {"service": "light", "by": "category"}).status_code == 200
        assert client.get(path, {"service": "roads"}).status_code == 403
    table = client.get("/en/desk/scoreboard.csv").content.decode()
    assert "light" in table
    assert "roads" not in table
    MembershipFactory(user=head, service=city.services["roads"], post=Post.HEAD)
    page = client.get("/en/desk/scoreboard/", {"service": "roads"}).content.decode()
    assert "roads en" in page
    assert "service=light" in page


def test_services_are_compared_across_districts(
    city: GridCity, client: Client, office_user: User, people: dict[str, Person]
) -> None:
    client.force_login(office_user)
    at = timezone.now() - dt.timedelta(days=60)
    assert "No service has 10 cases in each of two districts" in _with(city, at, "west", 1, client, people)
    page = _with(city, at, "west", 9, client, people)
    assert "No service has 10 cases in each of two districts" in page
    # The east has no answers at all: it waits the longest, nobody knows how many times as long.
    for _n in range(12):
        appeal_at(city, at, district="east")
    page = client.get(URL).content.decode()
    section = page[page.index('id="equity"') :]
    row = section[section.index("<tbody>") : section.index("</tbody>")]
    assert re.findall(r"<t[hd][^>]*>([^<]+)<", row) == ["light en", "west en", "east en", "—"]
    assert "> " in row
    # On how few it rests, and where it is said whether that is chance.
    assert re.findall(r"of (\d+) cases", row) == ["10", "12"]
    assert 'href="/en/reports/answers/?' in section
    assert 'id="equity"' not in client.get(f"{URL}?by=month").content.decode()
    answer = client.get("/en/desk/scoreboard-districts.csv?by=month")
    east, west = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (east["district_name"], east["cases"], east["answered"]) == ("east en", "12", "0")
    assert east["answer_median_h"].startswith(">")
    assert (west["district_name"], west["cases"], west["answered"]) == ("west en", "10", "10")
    assert float(west["answer_median_h"]) > 0


def _with(
    city: GridCity, at: dt.datetime, district: str, count: int, client: Client, people: dict[str, Person]
) -> str:
    for _n in range(count):
        appeal = appeal_at(city, at, district=district)
        take(appeal, ANSWER, people["light"], at + dt.timedelta(days=4), text="Done")
    return client.get(URL).content.decode()


def test_csv_says_what_the_page_says(city: GridCity, client: Client, office_user: User) -> None:
    client.force_login(office_user)
    for _n in range(12):
        appeal_at(city, timezone.now() - dt.timedelta(days=60))
    answer = client.get("/en/desk/scoreboard.csv")
    text = answer.content.decode("utf-8-sig")
    light, together = csv.DictReader(io.StringIO(text))
    assert (light["code"], light["appeals"], light["answered"], light["open"]) == ("light", "12", "0", "12")
    assert light["answer_median_h"].startswith(">")
    assert (light["within_term_percent"], light["terms_ended"]) == ("0.00", "12")
    assert (light["solved_percent"], light["authors_who_said"]) == ("", "0")
    assert together["name"] == "Together"


@pytest.mark.parametrize(
    "query",
    [
        "?from=yesterday",
        "?from=2026-02-02&to=2026-01-01",
        "?kind=joke",
        "?by=street",
        "?sort=nonsense",
        "?sort=-nonsense",
        "?period=decade",
        "?period=decade&from=2026-01-01",
    ],
)
def test_a_wrong_question_is_told(city: GridCity, client: Client, office_user: User, query: str) -> None:
    client.force_login(office_user)
    page = client.get(URL + query)
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    assert client.get("/en/desk/scoreboard.csv" + query).status_code == 400


def test_more_than_can_be_counted_is_refused(
    city: GridCity, client: Client, office_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoreboard, "MOST", 1)
    client.force_login(office_user)
    appeal_at(city, timezone.now())
    assert client.get(URL).status_code == 200
    appeal_at(city, timezone.now())
    page = client.get(URL)
    assert page.status_code == 400
    assert "Choose a shorter period" in page.content.decode()


def test_nothing_came_in(city: GridCity, client: Client, office_user: User) -> None:
    client.force_login(office_user)
    for by in By:
        assert "No appeals came in" in client.get(f"{URL}?by={by}").content.decode()


def test_two_statements_whatever_there_is(
    city: GridCity, client: Client, office_user: User, people: dict[str, Person]
) -> None:
    client.force_login(office_user)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL).status_code == 200
        return len(captured)

    appeal_at(city, timezone.now() - dt.timedelta(days=9))
    statements()  # the first of a process reads what it keeps
    before = statements()
    for n in range(5):
        appeal = appeal_at(city, timezone.now() - dt.timedelta(days=9 + n), "tree")
        take(appeal, ANSWER, people["green"], timezone.now(), text="Done")
    # Session, person, services; calendar, terms; whether there are too many, appeals, events; names; three choices; what
    # waits to be moderated.
    assert statements() == before <= 14


def test_settings_name_the_offices_hours() -> None:
    assert all(opens < closes for opens, closes in settings.OFFICE_HOURS)


def test_satisfaction_counts_for_whoever_answered_with_its_number_and_its_uncertainty(
    city: GridCity, people: dict[str, Person], office_user: User
) -> None:
    rated = [appeal_at(city, moment(1)) for _n in range(12)]
    for n, appeal in enumerate(rated):
        take(appeal, ANSWER, people["light"], moment(2), text="Done")
        for said in ("no", "yes" if n < 9 else "no"):  # the last word counts
            take(appeal, RATE, Author(appeal.pk), moment(3), satisfied=said)
    # A new answer, by another service, has no rating yet; that of the first one stays with its service.
    take(rated[0], REOPEN, Author(rated[0].pk), moment(4), text="Dark")
    take(rated[0], FORWARD, people["light"], moment(4, 11), to_service=city.services["roads"], text="Yours")
    take(rated[0], ANSWER, people["roads"], moment(5), text="Done")
    board = score(office_user, AppealFilter(), By.SERVICE, moment(9))
    rows = {row.code: row.satisfied for row in board.rows}
    assert (rows["light"].part, rows["light"].n, rows["roads"].n) == (9, 12, 0)
    expected = binomtest(9, 12).proportion_ci(0.95, method="wilson")
    assert rows["light"].interval == pytest.approx((100 * expected.low, 100 * expected.high), abs=1e-3)
    assert rows["roads"].interval is None and rows["roads"].percent is None
    row = render_to_string("desk/_score.html", {"row": board.rows[0]})
    assert "95 % interval: " in row and row.count("95 %") == 1
    # Counted as a whole, the first appeal's last answer has none.
    assert (board.whole.satisfied.part, board.whole.satisfied.n) == (8, 11)


def test_service_levels_and_terms_of_the_law_are_told_apart(
    city: GridCity, people: dict[str, Person], office_user: User
) -> None:
    LegalTermFactory(working_days=14, valid_from="2007-01-01")
    LegalTermFactory(kind="report", working_days=2, valid_from="2016-01-01")
    for kind in ("report", "complaint"):
        appeal = AppealFactory(category=city.categories["lamp"], submitted_at=moment(1), kind=kind)
        take(appeal, ANSWER, people["light"], moment(10), text="Done")
    whole = score(office_user, AppealFilter(), By.SERVICE, moment(11)).whole
    assert [(each.part, each.n) for each in (whole.kept, whole.kept_reports, whole.kept_legal)] == [
        (1, 2), (0, 1), (1, 1),
    ]  # fmt: skip


def test_a_report_that_becomes_an_appeal_under_the_law_was_not_reopened(
    city: GridCity, people: dict[str, Person], office_user: User
) -> None:
    LegalTermFactory(working_days=14, valid_from="2007-01-01")
    LegalTermFactory(kind="report", working_days=2, valid_from="2016-01-01")
    appeal = AppealFactory(category=city.categories["lamp"], submitted_at=moment(1), kind="report")
    take(appeal, IDENTIFY, Author(appeal.pk), moment(2), kind="complaint", postal_address="Ош")
    take(appeal, ANSWER, people["light"], moment(10), text="Done")
    whole = score(office_user, AppealFilter(), By.SERVICE, moment(11)).whole
    assert (whole.reopened.part, whole.kept_legal.part) == (0, 1)
