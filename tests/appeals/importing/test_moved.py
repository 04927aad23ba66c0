"""What a city takes along from its former system is told as it was: nothing is claimed that nobody knows."""

from __future__ import annotations

import csv
import io
from importlib import import_module
from pathlib import Path

import pgtrigger
import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.due import DueState, rows_of
from appeals.filters import AppealFilter
from appeals.models import Appeal, Event, Message
from appeals.workflow import REOPEN
from desk.scoreboard import By, score
from tests.appeals.importing.test_appeals import (
    GEOJSON_MAPPING,
    MAPPING,
    feature,
    features,
    mapping,
    row,
    run,
    table,
)
from tests.grid import GridCity

pytestmark = pytest.mark.django_db

ENDED = "2024-03-05 12:00"
NOT_KNOWN = {
    "ky": "тексти белгисиз",
    "ru": "текст ответа неизвестен",
    "en": "the text of the answer is not known",
}


def explanations(folder: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with (folder / "refused.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def test_an_answer_without_words_is_one_that_nobody_here_knows(
    city: GridCity, client: Client, office_user: User, tmp_path: Path
) -> None:
    in_time = {"finished": ENDED}
    run(table(tmp_path, [row(1, state="done", **in_time), row(2, state="shut", **in_time),
                         row(3, state="done", **in_time, reply="Засыпали"),
                         row(4, state="shut", finished="2025-03-05")]))  # fmt: skip
    found = {appeal.external_id: appeal for appeal in Appeal.objects.all()}
    assert [found[n].status for n in "1234"] == ["answered", "closed", "answered", "closed"]
    assert [found[n].answered_at is None for n in "1234"] == [True, True, False, True]
    assert found["2"].closed_at is not None
    for number in "124":
        events = found[number].events.order_by("version")
        assert [event.verb for event in events][:2] == ["submit", "answered_elsewhere"]
        due = rows_of([found[number]])[0].due
        assert due.state is DueState.ELSEWHERE
        for language, words in NOT_KNOWN.items():
            page = client.get(f"/{language}/appeals/{found[number].number}/").content.decode()
            assert words in page, (number, language)
            with translation.override(language):
                assert due.words in page
            assert 'class="answer"' not in page
    assert rows_of([found["3"]])[0].due.state is DueState.IN_TIME
    said = client.get(f"/en/appeals/{found['1'].number}/").content.decode()
    assert "In time" not in said and "Official answer" not in said
    # Of two that were answered before their last day, one long after, the one with words is all that anybody can judge.
    board = score(office_user, AppealFilter(), By.SERVICE)
    assert (board.whole.kept.part, board.whole.kept.n, board.elsewhere, board.dropped) == (1, 1, 3, 0)
    assert (board.whole.answer_half.happened, board.whole.closing_half.happened) == (1, 2)
    client.force_login(office_user)
    board_page = client.get("/en/desk/scoreboard/").content.decode()
    assert board_page


def test_what_was_imported_without_words_before_is_told_so(city: GridCity, tmp_path: Path) -> None:
    path = table(
        tmp_path, [row(1, state="done", finished=ENDED), row(2, state="done", finished=ENDED, reply="Да")]
    )
    run(path)
    first = Appeal.objects.get(external_id="1")
    with pgtrigger.ignore("appeals.Event:only_redacted"):
        first.events.filter(verb="answered_elsewhere").update(verb="answer")
    Appeal.objects.filter(pk=first.pk).update(answered_at=first.submitted_at)
    migration = import_module("appeals.migrations.0026_answers_that_are_not_known")
    migration.tell_what_is_not_known(apps, None)
    assert list(first.events.order_by("version").values_list("verb", flat=True)) == [
        "submit",
        "answered_elsewhere",
    ]
    assert list(Appeal.objects.filter(answered_at=None)) == [first]
    assert run(path)["repeated"] == 2


def test_it_can_be_reopened_and_its_new_term_counts(
    city: GridCity, office_user: User, tmp_path: Path
) -> None:
    run(table(tmp_path, [row(1, state="done", finished=ENDED)]))
    appeal = Appeal.objects.get()
    perform(appeal.pk, REOPEN, Person(office_user), version=appeal.version, text="Яма снова здесь")
    board = score(office_user, AppealFilter(), By.SERVICE)
    assert (board.running, board.elsewhere, board.whole.open) == (1, 1, 1)


def test_the_same_file_again_changes_nothing(city: GridCity, tmp_path: Path) -> None:
    path = table(
        tmp_path, [row(1, state="done", finished=ENDED), row(2, state="shut", finished=ENDED), row(3)]
    )
    assert run(path)["imported"] == 3
    assert run(path)["repeated"] == 3
    # It is closed in its source, still without words.
    closed = table(
        tmp_path, [row(1, state="shut", finished="2024-03-08"), row(2, state="shut", finished=ENDED), row(3)]
    )
    assert run(closed)["changed"] == 1
    assert list(Event.objects.filter(appeal__external_id="1").order_by("version").values_list("verb", flat=True)) == [
        "submit", "answered_elsewhere", "close",
    ]  # fmt: skip


def test_nobody_is_said_to_have_been_told_of_the_past(city: GridCity, client: Client, tmp_path: Path) -> None:
    run(table(tmp_path, [row(1)]))
    appeal = Appeal.objects.get()
    assert appeal.escalated_at is not None
    assert not Message.objects.exists()
    for language, words in {"ky": "мэрияга билдирил", "ru": "извещена", "en": "has been told"}.items():
        page = client.get(f"/{language}/appeals/{appeal.number}/").content.decode()
        assert words not in page
    assert "its term had passed without an answer" in page


@pytest.mark.parametrize("state", ["open", "work"])
def test_an_end_beside_an_open_status_is_refused(city: GridCity, tmp_path: Path, state: str) -> None:
    path = table(tmp_path, [row(1, state=state, finished=ENDED)])
    assert run(path)["refused"] == {"bad date": 1}
    (refused,) = explanations(tmp_path)
    ours = {"open": "new", "work": "accepted"}[state]
    assert refused["explanation"] == f"finished is '{ENDED}', but its status is {ours}"
    # Unless the mapping says that such a date says nothing.
    again = MAPPING.replace('column = "finished"', 'column = "finished"\nopen_too = true')
    assert run(path, text=again)["imported"] == 1
    assert Appeal.objects.get().status == ours


def test_the_end_may_stand_in_either_of_two_columns(city: GridCity, tmp_path: Path) -> None:
    two = MAPPING.replace('column = "finished"', 'column = "finished"\nelse = "reply"').replace(
        'template = "{reply}"', 'template = "{street}"'
    )
    rows = [row(1, state="done", finished="2024-03-05", reply="2024-03-09"), row(2, state="done", reply="2024-03-09"),
            row(3, state="done"), row(4, state="done", reply="soon")]  # fmt: skip
    run(table(tmp_path, rows), text=two)
    days = Appeal.objects.order_by("external_id").values_list("answered_at", flat=True)
    assert [f"{timezone.localtime(day):%m-%d}" for day in days if day] == ["03-05", "03-09"]
    assert [refused["explanation"] for refused in explanations(tmp_path)] == [
        "its status is answered, but it has no date for it",
        "reply is 'soon', which is not a time",
    ]


def test_a_step_back_is_told_in_the_city_s_time(city: GridCity, tmp_path: Path) -> None:
    run(table(tmp_path, [row(1, state="shut", finished=ENDED, reply="Засыпали")]))
    run(table(tmp_path, [row(1)]))
    (refused,) = explanations(tmp_path)
    assert refused["explanation"] == f"it was answered {ENDED}, closed {ENDED}; the row says: open"


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_refused_rows_can_be_mended_and_imported(city: GridCity, tmp_path: Path, delimiter: str) -> None:
    rows = [row(1), row(2, opened="gestern"), row(3, state="lost", words='Яма, "большая"')]
    text = MAPPING.replace('language = "ru"', f'language = "ru"\ndelimiter = "{delimiter}"')
    path = table(tmp_path, rows)
    lines = path.read_text(encoding="utf-8")
    if delimiter == ";":
        again = io.StringIO()
        csv.writer(again, delimiter=";").writerows(csv.reader(io.StringIO(lines)))
        path.write_text(again.getvalue(), encoding="utf-8")
    call_command(
        "import_appeals", str(path), f"--mapping={mapping(tmp_path, text)}", f"--refused={tmp_path / 'refused.csv'}",
        stdout=io.StringIO(),
    )  # fmt: skip
    wrong = tmp_path / "refused.csv"
    mended = tmp_path / "mended.csv"
    mended.write_text(
        wrong.read_text(encoding="utf-8").replace("gestern", "2024-03-04").replace("lost", "work"),
        encoding="utf-8",
    )
    call_command("import_appeals", str(mended), f"--mapping={mapping(tmp_path, text)}", stdout=io.StringIO())
    assert list(Appeal.objects.order_by("external_id").values_list("external_id", "status")) == [
        ("1", "new"), ("2", "new"), ("3", "accepted"),
    ]  # fmt: skip
    assert 'Яма, "большая"' in Appeal.objects.get(external_id="3").text


def test_what_there_is_of_a_broken_row_is_in_the_report(city: GridCity, tmp_path: Path) -> None:
    path = table(tmp_path, [row(1)])
    with path.open("a", encoding="utf-8") as stream:
        stream.write('2,"too","few"\n3,"never closed\n')
    run(path)
    with (tmp_path / "refused.csv").open(encoding="utf-8", newline="") as stream:
        _header, few, unclosed = csv.reader(stream)
    assert few[4:] == ["2", "too", "few"]
    assert unclosed[4:] == ['3,"never closed']


def test_refused_features_are_in_the_report(city: GridCity, tmp_path: Path) -> None:
    run(features(tmp_path, feature(8, None), feature(9, {"type": "Point", "coordinates": [2.35, 48.85]})),
        text=GEOJSON_MAPPING)  # fmt: skip
    first, second = explanations(tmp_path)
    assert (first["id"], second["id"], second["geometry x"], second["geometry y"]) == (
        "8",
        "9",
        "2.35",
        "48.85",
    )


def test_hidden_characters_are_no_part_of_public_texts(city: GridCity, tmp_path: Path) -> None:
    """What turns the order of letters or hides between them; a file that has them is the same file the next time."""
    tricks = row(
        1,
        words="Я\u202eма\u200b",
        state="done",
        finished=ENDED,
        reply="За\u2066сыпали",
        street="Ле\u00adнина",
    )
    path = table(tmp_path, [tricks])
    run(path)
    appeal = Appeal.objects.get()
    assert (appeal.text, appeal.address) == ("Яма (hole)", "Ленина")
    assert appeal.events.get(verb="answer").text == "Засыпали"
    # As it was kept once.
    Appeal.objects.update(text="Я\u202eма\u200b (hole)")
    assert run(path)["repeated"] == 1
