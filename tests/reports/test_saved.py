"""Saved reports: under a name, moving with time, sent by e-mail to colleagues once a day that they are due."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.models import Membership, User
from accounts.posts import Post
from appeals.models import Message
from appeals.notify.delivery import deliver_due
from appeals.notify.outbox import LANE
from appeals.periods import days_of
from districts.models import Category
from jobs.models import ScheduledJob
from jobs.schedule import run_due
from reports import issuing, saved
from reports.issuing import issue_due
from reports.kinds import KINDS
from reports.models import ReportIssue, SavedReport
from reports.saved import OWN_MAX, next_day, plan, save
from tests.factories import MembershipFactory
from tests.grid import IN_EAST, GridCity
from tests.reports.planting import Plant
from tests.reports.test_intervention import AREA

URL = "/en/reports/saved/"
#: What a report must be asked, and the period with which that can be kept, where it is not the whole of a moving year.
ASKED: dict[str, tuple[dict[str, str], str]] = {"before-after": (AREA, "")}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def colleague(city: GridCity) -> Callable[..., User]:
    def of(post: str = Post.PLANNER, service: str = "office") -> User:
        user: User = MembershipFactory(service=city.services[service], post=post).user
        return user

    return of


@pytest.fixture
def planner(colleague: Callable[..., User], client: Client) -> User:
    user = colleague()
    client.force_login(user)
    return user


def kept(user: User, name: str = "Lamps", report: str = "heatmap", period: str = "last-month") -> SavedReport:
    return save(user, name, report, {"category": "lamp"}, period, shared=False)


def due(row: SavedReport, day: dt.date, *readers: User) -> SavedReport:
    """Planned for every week, and due that day."""
    with translation.override("en"):
        plan(row.owner, row, row.version, "weekly", day.weekday(), [user.pk for user in readers], "en")
    SavedReport.objects.filter(pk=row.pk).update(next_on=day)
    row.refresh_from_db()
    return row


def morning(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), timezone.get_default_timezone())


def do(client: Client, row: SavedReport, step: str, *, status: int = 302, **more: object) -> str:
    answer = client.post(f"{URL}{row.pk}/", {"do": step, "version": row.version, **more})
    assert answer.status_code == status, answer.content.decode()
    row.refresh_from_db()
    return answer.content.decode()


@pytest.mark.parametrize(
    ("name", "today", "days"),
    [
        ("last-month", "2026-03-31", ("2026-02-01", "2026-02-28")),
        ("last-month", "2026-01-01", ("2025-12-01", "2025-12-31")),
        ("last-3-months", "2026-02-10", ("2025-11-01", "2026-01-31")),
        ("last-12-months", "2026-02-10", ("2025-02-01", "2026-01-31")),
        ("last-week", "2026-03-08", ("2026-02-23", "2026-03-01")),
        ("last-4-weeks", "2026-03-09", ("2026-02-09", "2026-03-08")),
        ("month", "2026-03-31", ("2026-03-02", "2026-03-31")),
    ],
)
def test_periods_that_move(name: str, today: str, days: tuple[str, str]) -> None:
    since, until = days_of(name, dt.date.fromisoformat(today))
    assert (str(since), str(until)) == days


@pytest.mark.parametrize(
    ("rhythm", "weekday", "after", "next_on"),
    [
        ("weekly", 0, "2026-03-02", "2026-03-09"),
        ("weekly", 0, "2026-03-08", "2026-03-09"),
        ("weekly", 4, "2026-03-02", "2026-03-06"),
        ("monthly", 0, "2026-01-31", "2026-02-01"),
        ("monthly", 0, "2026-12-01", "2027-01-01"),
    ],
)
def test_the_days_of_a_rhythm(rhythm: str, weekday: int, after: str, next_on: str) -> None:
    assert str(next_day(rhythm, weekday, dt.date.fromisoformat(after))) == next_on


def test_a_report_is_called_as_its_tab(client: Client, planner: User) -> None:
    page = client.get("/en/reports/heatmap/").content.decode()
    tabs = re.findall(
        r"<a [^>]*>([^<]+)</a>",
        page[page.index("report-kinds") : page.index("</nav>", page.index("report-kinds"))],
    )
    with translation.override("en"):
        assert [*(str(kind.title) for kind in KINDS.values()), "Saved"] == tabs


def test_what_is_on_the_screen_is_saved_and_found_again(client: Client, planner: User, plant: Plant) -> None:
    plant([IN_EAST] * 3)
    page = client.get("/en/reports/heatmap/?category=lamp&period=last-month").content.decode()
    address = re.search(r'href="(/en/reports/saved/\?[^"]*report=heatmap)"', page)
    assert address
    # A question that is not whole yet has none.
    assert "report=before-after" not in client.get("/en/reports/before-after/").content.decode()
    form = client.get(address[1].replace("&amp;", "&")).content.decode()
    # The days on the screen are those of a period that moves: it is offered first.
    assert '<option value="last-month" selected>' in form
    fields = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', form))
    fields |= {"do": "save", "name": "Lamps", "period": "last-month"}
    assert client.post(URL, fields).status_code == 302
    row = SavedReport.objects.get()
    assert (row.report, row.query, row.period, row.owner) == (
        "heatmap",
        "category=lamp",
        "last-month",
        planner,
    )
    listed = client.get("/en/reports/", follow=True).content.decode()
    assert 'href="/en/reports/heatmap/?category=lamp&amp;period=last-month">Lamps<' in listed
    since, until = days_of("last-month", timezone.localdate())
    shown = client.get("/en/reports/heatmap/?category=lamp&period=last-month").content.decode()
    assert f'value="{since}"' in shown and f'value="{until}"' in shown
    again = client.post(URL, fields)
    assert again.status_code == 400 and "of this name already" in again.content.decode()
    assert 'value="Lamps"' in again.content.decode(), "what was typed is kept"


def test_days_that_are_fixed_stay(client: Client, planner: User, plant: Plant) -> None:
    plant([IN_EAST])
    client.post(
        URL, {"do": "save", "name": "March", "report": "heatmap", "from": "2026-03-01", "to": "2026-03-31"}
    )
    assert SavedReport.objects.get().query == "from=2026-03-01&to=2026-03-31"
    assert "Counts: 1 March 2026 – 31 March 2026" in client.get(URL).content.decode()


def test_a_second_period_stays_and_so_does_the_first(client: Client, planner: User, plant: Plant) -> None:
    """One that moves would run into it, and then it is no question any more."""
    since, until = days_of("last-month", timezone.localdate())
    assert since and until
    asked = {"report": "heatmap", "from": str(since), "to": str(until)}
    asked |= {"against_from": "2025-03-01", "against_to": "2025-03-31"}
    form = client.get(URL, asked).content.decode()
    assert '<option value=""' in form and 'value="last-month"' not in form
    moving = client.post(URL, asked | {"do": "save", "name": "Two", "period": "last-month"})
    assert moving.status_code == 400 and "no such period" in moving.content.decode()
    client.post(URL, asked | {"do": "save", "name": "Two", "period": ""})
    page = client.get(URL).content.decode()
    assert "Second period: 1 March 2025 – 31 March 2025" in page and "cannot be asked" not in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": " "}, "Give it a name"),
        ({"name": "x" * 61}, "at most 60"),
        ({"name": "x\x00" * 61}, "at most 60"),
        ({"report": "nonsense"}, "no such report"),
        ({"category": "nonsense"}, "is not among the choices"),
        ({"period": "last-century"}, "no such period"),
        ({"period": "last-month", "report": "trends"}, "no such period"),
    ],
)
def test_what_cannot_be_saved_is_said(
    client: Client, planner: User, given: dict[str, str], said: str
) -> None:
    answer = client.post(URL, {"do": "save", "name": "A", "report": "heatmap", **given})
    assert (answer.status_code, SavedReport.objects.count()) == (400, 0)
    assert said in answer.content.decode()


def test_no_more_than_fit(client: Client, planner: User) -> None:
    SavedReport.objects.bulk_create(
        SavedReport(owner=planner, name=str(n), report="heatmap") for n in range(OWN_MAX)
    )
    answer = client.post(URL, {"do": "save", "name": "A", "report": "heatmap"})
    assert answer.status_code == 400 and "no more fit" in answer.content.decode()


def test_renamed_shared_removed_and_put_back(
    client: Client, planner: User, colleague: Callable[..., User]
) -> None:
    row, other = kept(planner), Client()
    other.force_login(colleague(Post.REPRESENTATIVE))
    assert other.get(f"{URL}{row.pk}/").status_code == 404
    do(client, row, "rename", name="Dark streets", shared="1")
    assert (row.name, row.shared) == ("Dark streets", True)
    page = other.get(f"{URL}{row.pk}/").content.decode()
    assert "only its owner changes it" in page and "<form class=" not in page[page.index("<main") :]
    for step in ("rename", "plan", "remove"):
        assert (
            other.post(f"{URL}{row.pk}/", {"do": step, "version": row.version, "name": "x"}).status_code
            == 403
        )
    old = row.version - 1
    stale = client.post(f"{URL}{row.pk}/", {"do": "rename", "version": old, "name": "x"})
    assert stale.status_code == 400 and "changed meanwhile" in stale.content.decode()
    do(client, row, "plan", rhythm="monthly", reader=planner.pk)
    do(client, row, "remove")
    assert client.get(f"{URL}{row.pk}/").status_code == 404
    assert issue_due(morning(dt.date(2099, 1, 1))) == 0
    form = {"do": "restore", "saved": row.pk, "version": row.version}
    assert "is back" in client.post(URL, form, follow=True).content.decode()
    row.refresh_from_db()
    assert row.removed_at is None and row.next_on and row.next_on > timezone.localdate()
    do(client, row, "nonsense", status=400)


@pytest.mark.parametrize("path", ["", "{pk}/", "{pk}/letter/"])
def test_for_whom_it_is(city: GridCity, colleague: Callable[..., User], path: str, client: Client) -> None:
    row = kept(colleague())
    SavedReport.objects.update(shared=True)
    address = URL + path.format(pk=row.pk)
    answer = client.get(address)
    assert (answer.status_code, answer["Location"].startswith("/en/accounts/login/")) == (302, True)
    assert client.get("/en/reports/")["Location"] == "/en/reports/heatmap/"
    for post, service, status in [
        (Post.REPRESENTATIVE, "light", 403), (Post.MODERATOR, "office", 403),
        (Post.REPRESENTATIVE, "office", 200), (Post.PLANNER, "office", 200),
    ]:  # fmt: skip
        client.force_login(colleague(post, service))
        assert client.get(address).status_code == status


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rhythm": "hourly"}, "no such schedule"),
        ({"rhythm": "weekly", "weekday": "7"}, "Choose a weekday"),
        ({"rhythm": "weekly", "weekday": "x"}, "Choose a weekday"),
        ({"rhythm": "monthly"}, "at least one reader"),
        ({"rhythm": "monthly", "reader": "0"}, "only be sent to colleagues"),
        ({"rhythm": "monthly", "reader": "nobody@mail.example"}, "only be sent to colleagues"),
    ],
)
def test_a_plan_that_is_none_is_said(client: Client, planner: User, given: dict[str, str], said: str) -> None:
    assert said in do(client, kept(planner), "plan", status=400, **given)
    assert SavedReport.objects.get().next_on is None


def test_it_is_sent_to_nobody_else(client: Client, planner: User, colleague: Callable[..., User]) -> None:
    stranger = colleague(Post.REPRESENTATIVE, "light")
    row = kept(planner)
    assert "only be sent to colleagues" in do(
        client, row, "plan", status=400, rhythm="monthly", reader=[planner.pk, stranger.pk]
    )


def letters_in(folder: Path) -> list[EmailMessage]:
    texts = [text for file in sorted(folder.iterdir()) for text in file.read_bytes().split(b"-" * 79 + b"\n")]
    return [
        email.message_from_bytes(text, policy=email.policy.default)  # type: ignore[misc]
        for text in texts
        if text.strip()
    ]


def send(day: dt.date) -> None:
    """What the worker does that morning, twice."""
    for _ in range(2):
        issue_due(morning(day))
        deliver_due()


def test_the_worker_sends_it_once_to_each_reader_in_the_own_language(
    client: Client,
    planner: User,
    colleague: Callable[..., User],
    plant: Plant,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    monday = yesterday - dt.timedelta(days=yesterday.weekday())
    plant([IN_EAST] * 4, submitted_at=morning(monday.replace(day=1) - dt.timedelta(days=3)))
    other = colleague(Post.REPRESENTATIVE)
    row = due(kept(planner), monday, planner, other)
    row.readers.filter(person=other).update(language="ru")
    for _ in range(2):
        for lane in ("reports", LANE):
            ScheduledJob.objects.update(due_at=timezone.now())
            run_due(lane=lane)
    letters = {letter["To"]: letter for letter in letters_in(tmp_path)}
    assert len(letters_in(tmp_path)) == 2 and letters.keys() == {planner.email, other.email}
    body = letters[planner.email].get_body().get_content()  # type: ignore[union-attr]
    since, until = days_of("last-month", monday)
    assert "4 appeals" in body
    assert f"/en/reports/heatmap/?category=lamp&from={since}&to={until}" in body
    assert "every Monday" in body
    (pdf,) = letters[planner.email].iter_attachments()
    assert pdf.get_content().startswith(b"%PDF") and pdf.get_filename().endswith("-en.pdf")
    assert "обращени" in letters[other.email].get_body().get_content()  # type: ignore[union-attr]
    row.refresh_from_db()
    assert (row.next_on, row.issued_on) == (monday + dt.timedelta(days=7), monday)


def test_one_press_stops_it_for_that_reader_alone(
    client: Client, planner: User, colleague: Callable[..., User], plant: Plant
) -> None:
    monday, other = dt.date(2026, 3, 2), colleague()
    row = due(kept(planner), monday, planner, other)
    send(monday)
    (letter,) = [letter for letter in mail.outbox if letter.to == [other.email]]
    address = re.sub(r"^<https?://[^/]+|>$", "", letter.extra_headers["List-Unsubscribe"])
    page = Client().get(address).content.decode()
    assert "The report “Lamps”" in page
    Client().post(address, ONE_CLICK)
    mail.outbox.clear()
    due(row, monday + dt.timedelta(days=7), planner, other)
    assert "has stopped these letters" in client.get(f"{URL}{row.pk}/").content.decode()
    send(monday + dt.timedelta(days=7))
    assert [letter.to for letter in mail.outbox] == [[planner.email]], "choosing again does not resume"


@pytest.mark.parametrize("when", ["before it is made", "before it is sent"])
@pytest.mark.parametrize("how", ["left", "deactivated"])
def test_who_has_lost_the_role_gets_nothing_more(
    planner: User, colleague: Callable[..., User], when: str, how: str
) -> None:
    monday, other = dt.date(2026, 3, 2), colleague()
    due(kept(planner), monday, planner, other)
    if when == "before it is sent":
        issue_due(morning(monday))
    if how == "left":
        Membership.objects.filter(user=other).delete()
    else:
        User.objects.filter(pk=other.pk).update(is_active=False)
    send(monday)
    assert [letter.to for letter in mail.outbox] == [[planner.email]]


def test_of_days_that_were_missed_only_the_last_is_sent(planner: User) -> None:
    row = due(kept(planner), dt.date(2026, 3, 2), planner)
    assert issue_due(morning(dt.date(2026, 3, 25))) == 1
    row.refresh_from_db()
    assert (row.issued_on, row.next_on) == (dt.date(2026, 3, 23), dt.date(2026, 3, 30))
    assert ReportIssue.objects.get().on == dt.date(2026, 3, 23)


def test_nothing_is_made_before_its_morning(planner: User) -> None:
    due(kept(planner), dt.date(2026, 3, 2), planner)
    assert issue_due(morning(dt.date(2026, 3, 2)) - dt.timedelta(hours=4)) == 0
    assert issue_due(morning(dt.date(2026, 3, 2))) == 1


def test_an_owner_hears_that_it_fails_and_why(
    client: Client, planner: User, colleague: Callable[..., User]
) -> None:
    monday = dt.date(2026, 3, 2)
    row = due(kept(planner), monday, colleague())
    Category.objects.filter(code="lamp").update(code="lantern")
    send(monday)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([planner.email], "“Lamps” could not be made")
    assert "“lamp” is not among the choices" in letter.body and f"/en/reports/saved/{row.pk}/" in letter.body
    page = client.get(f"{URL}{row.pk}/").content.decode()
    assert "It could not be sent the last time" in page and "It cannot be asked any more" in page
    assert client.get(f"{URL}{row.pk}/letter/").status_code == 400
    Category.objects.filter(code="lantern").update(code="lamp")
    send(monday + dt.timedelta(days=7))
    row.refresh_from_db()
    assert row.problem == ""


def test_an_error_of_the_program_is_told_too(planner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row = due(kept(planner), dt.date(2026, 3, 2), planner)
    monkeypatch.setattr(issuing, "make_issue", lambda *_args: 1 / 0)
    assert issue_due(morning(dt.date(2026, 3, 2))) == 0
    row.refresh_from_db()
    assert "error" in row.problem and Message.objects.get().occasion.endswith("/failed")


def test_what_is_changed_while_it_is_made_is_made_anew(
    planner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, make = due(kept(planner), dt.date(2026, 3, 2), planner), issuing.make_issue

    def slow(one: SavedReport, on: dt.date) -> ReportIssue:
        SavedReport.objects.filter(pk=one.pk).update(version=one.version + 1)
        return make(one, on)

    monkeypatch.setattr(issuing, "make_issue", slow)
    assert issue_due(morning(dt.date(2026, 3, 2))) == 0
    assert not Message.objects.exists() and not ReportIssue.objects.exists()
    monkeypatch.setattr(issuing, "make_issue", make)
    assert issue_due(morning(dt.date(2026, 3, 2))) == 1
    assert row.issues.count() == 1


def test_the_letter_is_seen_before_it_is_sent(
    client: Client, planner: User, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant([IN_EAST] * 4)
    row = save(planner, "All", "heatmap", {}, "", shared=False)
    page = client.get(f"{URL}{row.pk}/letter/").content.decode()
    assert "4 appeals" in page and "is attached" in page and ".pdf" in page
    monkeypatch.setattr(issuing, "PDF_BYTES_MAX", 10)
    page = client.get(f"{URL}{row.pk}/letter/").content.decode()
    assert "too large for a letter" in page and "/en/reports/heatmap.pdf" in page
    assert not mail.outbox and not ReportIssue.objects.exists()


@pytest.mark.parametrize("report", KINDS)
def test_each_report_can_be_sent_also_of_nothing(planner: User, report: str) -> None:
    asked, period = ASKED.get(report, ({}, "last-12-months"))
    row = save(planner, "A", report, asked, period, shared=False)
    with translation.override("ky"):
        issue = issuing.make_issue(row, dt.date(2026, 3, 2))
    assert issue.sentences and bytes(issue.pdf).startswith(b"%PDF")
    assert f"/ky/reports/{report}/?" in issue.address
    assert saved.path_of(row).endswith(f"period={period}") if period else "period" not in saved.path_of(row)
