"""Long reports: asked for at once, made by a worker, once for all who ask the same; how it goes is said at each door."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django_tasks_db.models import DBTaskResult
from pypdf import PdfReader
from pytest_django import Settings

from appeals.filters import AppealFilter
from appeals.models import Appeal
from bootstrap.rates import Rate
from jobs import long_works
from jobs.models import LongWork
from jobs.overview import State as WorkState
from jobs.overview import counts, store_of
from jobs.worker import Worker
from reports import keeping, long_pages, long_reports
from reports.kinds import KINDS
from reports.sizes import TooFine
from tests.grid import IN_EAST, GridCity
from tests.reports.planting import Plant

PAGE = "/en/reports/heatmap/?category=lamp"
PDF = "/en/reports/heatmap.pdf?category=lamp"
READER = {"Accept": "text/html,application/xhtml+xml"}
PROGRAM = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def everything_is_long(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    settings.REPORTS_ROOT = tmp_path / "reports"
    monkeypatch.setattr(long_pages, "LONG_S", -1.0)


@pytest.fixture
def planted(plant: Plant) -> None:
    plant([IN_EAST] * 4)


def work() -> bool:
    return Worker(queue="reports").run_next()


def asked(client: Client, address: str = PAGE, status: int = 303) -> str:
    """The path where its progress is seen."""
    answer = client.get(address, headers=READER)
    assert answer.status_code == status, answer.content
    return str(answer["Location"])


def test_a_reader_is_led_to_the_progress_and_then_to_the_report(client: Client, planted: None) -> None:
    path = asked(client)
    page = client.get(path, headers=READER).content.decode()
    assert "Waiting for its turn" in page and 'http-equiv="refresh"' in page and "noindex" in page
    assert work()
    done = client.get(path, headers=READER)
    assert (done.status_code, done["Location"]) == (303, PAGE)
    assert "4 appeals" in client.get(PAGE, headers=READER).content.decode()
    # What belongs to the page is of the same report: nothing is made again.
    Appeal.objects.update(hidden=True)
    assert client.get("/en/reports/heatmap.json?category=lamp").json()["numbers"]["total"] == 4


def test_a_file_is_what_it_leads_to(client: Client, planted: None) -> None:
    path = asked(client, PDF)
    assert "To print (PDF)" in client.get(path, headers=READER).content.decode()
    work()
    done = client.get(path, headers=READER)
    assert (done.status_code, done["Location"]) == (303, PDF)
    assert client.get(PDF).content.startswith(b"%PDF")
    assert client.get(f"{path.partition('?')[0]}?file=nonsense")["Location"] == PAGE


def test_a_program_is_told_where_to_ask_again(client: Client, planted: None) -> None:
    answer = client.get("/en/reports/heatmap.json?category=lamp", headers=PROGRAM)
    assert (answer.status_code, answer["Retry-After"]) == (202, "2")
    assert (answer.json()["state"], answer.json()["percent"]) == ("waiting", 0)
    path = answer["Location"].partition("://")[2].partition("/")[2]
    assert client.get(f"/{path}", headers=PROGRAM).json()["state"] == "waiting"
    assert "Preference-Applied" not in answer
    work()
    done = client.get(f"/{path}", headers=PROGRAM, follow=True)
    assert done.json()["numbers"]["total"] == 4


@pytest.mark.parametrize("prefer", ["respond-async", "wait=10, Respond-Async", "respond-async; x=1"])
def test_a_program_may_prefer_it_for_what_is_short(
    client: Client, planted: None, monkeypatch: pytest.MonkeyPatch, prefer: str
) -> None:
    monkeypatch.setattr(long_pages, "LONG_S", long_reports.LONG_S)
    address = "/en/reports/heatmap.json"
    assert client.get(address, headers={**PROGRAM, "Prefer": "respond-asynchronous"}).status_code == 200
    answer = client.get(address, headers={**PROGRAM, "Prefer": prefer})
    assert (answer.status_code, answer["Preference-Applied"]) == (202, "respond-async")


def test_small_ones_are_answered_at_once(
    client: Client, planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_pages, "LONG_S", long_reports.LONG_S)
    assert client.get(PAGE, headers=READER).status_code == 200
    assert not LongWork.objects.exists()
    assert all(0 < kind.seconds < 120 for kind in KINDS.values())


def test_before_and_after_reads_the_whole_city_once_it_is_asked(city: GridCity) -> None:
    kind = KINDS["before-after"]
    unasked, asked_whole = (
        kind.form(question) for question in ({"district": "west"}, {"district": "west", "on": "2026-03-01"})
    )
    assert unasked.is_valid() and asked_whole.is_valid()
    assert long_reports.expected_s("before-after", unasked) == 0
    read = kind.read(asked_whole.query)
    assert read == AppealFilter(since=dt.date(2025, 2, 28), until=dt.date(2027, 3, 2))
    assert kind.at_least_s < long_reports.expected_s("before-after", asked_whole) < kind.at_least_s + 0.1


def test_who_asks_the_same_joins_it(client: Client, planted: None) -> None:
    path = asked(client)
    assert asked(Client()) == path
    assert asked(Client(), PDF) == f"{path}?file=pdf", "a file is of the same report"
    assert asked(client, "/en/reports/heatmap/") != path
    assert asked(client, "/ky/reports/heatmap/?category=lamp").partition("/made/")[2] not in path
    assert LongWork.objects.count() == DBTaskResult.objects.count() == 3


def test_it_is_kept_for_some_hours(client: Client, planted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path = asked(client)
    work()
    row = LongWork.objects.get()
    file = keeping._path(row.question)
    old = file.stat().st_mtime - keeping.KEPT_FOR.total_seconds()
    os.utime(file, (old, old))
    assert "is not kept any more" in client.get(path, headers=READER).content.decode()
    assert keeping.sweep() == 1 and not file.exists()
    assert asked(client) != path


def test_it_says_when_it_counted_and_is_counted_again(
    client: Client, planted: None, plant: Plant, settings: Settings
) -> None:
    path = asked(client)
    work()
    (file,) = Path(settings.REPORTS_ROOT).iterdir()
    an_hour_ago = int(file.stat().st_mtime) - 3_600
    os.utime(file, (an_hour_ago, an_hour_ago))
    moment = dt.datetime.fromtimestamp(an_hour_ago, dt.UTC)
    plant([IN_EAST] * 2)
    assert client.get("/en/reports/heatmap.json?category=lamp").json()["counted_at"] == moment.isoformat()
    page = client.get(PAGE, headers=READER).content.decode()
    said = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    counted = f"Counted on {said}; what has come in since is not in it."
    assert counted in page and "4 appeals" in page
    paper = PdfReader(io.BytesIO(client.get(PDF).content))
    for sheet in paper.pages:
        assert counted in " ".join(sheet.extract_text().split())
    assert counted in client.get(PDF.replace("pdf", "html")).content.decode()
    (again,) = re.findall(r'href="(\?[^"]*counted_after=[^"]*)"', page)
    again = f"/en/reports/heatmap/{again.replace('&amp;', '&')}"
    later = asked(client, again)
    assert later != path
    assert asked(Client(), again) == later, "who asks the same joins it"
    assert asked(client) == later, "the old one is given no more"
    work()
    assert client.get(later, headers=READER)["Location"] == PAGE
    for address in (PAGE, again):
        assert "6 appeals" in client.get(address, headers=READER).content.decode()
    assert "report-filters__counted_after" not in page
    wrong = client.get(f"{PAGE}&counted_after=lately", headers=READER)
    assert (
        wrong.status_code == 400 and "Write the moment as in 2026-01-31T14:05:00Z." in wrong.content.decode()
    )


def test_what_is_made_at_once_has_no_other_moment(
    client: Client, planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_pages, "LONG_S", long_reports.LONG_S)
    assert (
        client.get("/en/reports/heatmap.json?counted_after=2026-01-31T14:05:00Z").json()["counted_at"] is None
    )
    assert "report-counted" not in client.get(PAGE, headers=READER).content.decode()


def test_what_cannot_be_read_is_made_anew(client: Client, planted: None) -> None:
    asked(client)
    work()
    keeping._path(LongWork.objects.get().question).write_bytes(b"of another version")
    assert "4 appeals" in client.get(PAGE, headers=READER).content.decode()


def test_an_error_is_said_with_its_reason(
    client: Client, planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = asked(client)
    monkeypatch.setattr(long_reports, "make_report", lambda *_args: 1 / 0)
    assert work()
    page = client.get(path, headers=READER)
    assert page.status_code == 200 and "The program made an error" in page.content.decode()
    told = client.get(path, headers=PROGRAM).json()
    assert (told["state"], told["reason"][:22]) == ("failed", "The program made an er")
    assert asked(client) != path, "it is tried again by who asks again"


def test_what_it_cannot_be_asked_is_the_reason(
    client: Client, planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_fine(*_args: Any) -> None:
        raise TooFine(10**7)

    path = asked(client)
    monkeypatch.setattr(type(KINDS["heatmap"]), "make", too_fine)
    work()
    assert "more than this report can take" in client.get(path, headers=READER).content.decode()


def test_the_operator_sees_it_and_cancels_it(client: Client, planted: None) -> None:
    path = asked(client)
    assert counts()["reports", WorkState.WAITING] == 1
    task = DBTaskResult.objects.get()
    DBTaskResult.objects.filter(pk=task.pk).update(worker_ids=["one that died"])
    store_of(str(task.pk)).drop(str(task.pk))
    assert "It was cancelled" in client.get(path, headers=READER).content.decode()


def test_a_worker_that_died_leaves_it_to_another(client: Client, planted: None) -> None:
    asked(client)
    LongWork.objects.update(state="running", begun_at=timezone.now())
    assert work()
    assert LongWork.objects.get().state == "done"


def test_a_second_run_changes_nothing(client: Client, planted: None) -> None:
    asked(client)
    work()
    row = LongWork.objects.get()
    assert long_works.make_long_work.func(str(row.pk)) == "done"
    assert long_works.make_long_work.func(str(UUID(int=7))) == "gone"


def test_how_far_it_is(client: Client, planted: None) -> None:
    row = LongWork(subject="heatmap", seconds=10, begun_at=timezone.now() - dt.timedelta(seconds=4))
    assert long_works.percent(row) == 40
    row.seconds = 1
    assert long_works.percent(row) == 95, "it is not done before it is done"


def test_a_wrong_question_is_refused_at_once(client: Client, city: GridCity) -> None:
    assert client.get("/en/reports/heatmap/?category=nonsense", headers=READER).status_code == 400
    assert client.get("/en/reports/heatmap.pdf?from=x").status_code == 400
    assert client.get("/en/reports/heatmap.exe").status_code == 404
    assert not LongWork.objects.exists()


def test_asking_costs_what_it_is_expected_to_take(
    client: Client, planted: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_reports, "expected_s", lambda *_args: 600.0)
    settings.LIMITS = {"report-work": Rate(1_000, 1_000, 3_600)}
    path = asked(client)
    assert asked(client) == path, "what is under way costs nothing"
    assert client.get("/en/reports/heatmap/", headers=READER).status_code == 429


def test_what_was_never_asked_is_not_found(client: Client, city: GridCity) -> None:
    assert client.get(f"/en/reports/made/{UUID(int=7)}/").status_code == 404
