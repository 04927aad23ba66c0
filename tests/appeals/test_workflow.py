"""The table of the workflow, pinned row by row, and the laws that every row keeps."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from enum import Enum
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from appeals.vocabulary import (
    LEGAL_KINDS,
    OPEN_STATUSES,
    RUNNING_STATUSES,
    Audience,
    Clock,
    Guard,
    Input,
    Kind,
    Status,
    Tone,
    Verb,
)
from appeals.workflow import (
    ACCEPT,
    ANSWER,
    CLOSE,
    EXTEND,
    FOLLOWER_LETTER,
    HIDE,
    HOLD,
    REASONS,
    REOPEN,
    SHOW,
    STAGES,
    VERBS,
    WARNINGS,
    Cause,
    Reason,
    verb_choices,
    verbs_for,
)

NEW, ACCEPTED, PLANNED, WAITING = "new", "accepted", "planned", "waiting"
ANSWERED, CLOSED = "answered", "closed"
RUNNING = (NEW, ACCEPTED, PLANNED)
OPEN = (*RUNNING, WAITING)
EVERYWHERE = (*OPEN, ANSWERED, CLOSED)

STAFF = {"service", "office", "dispatcher"}
MODERATION = {"office", "moderator"}

#: verb: from, to, who, clock, hides, public, asks, letters
TABLE = {
    "submit": ((), NEW, {"public"}, "start", None, True, (), {"author", "service"}),
    "submit_for": ((), NEW, {"office", "dispatcher"}, "start", None, True, (), {"author", "service"}),
    "accept": ((NEW,), ACCEPTED, STAFF, "keep", None, True, (), {"author"}),
    "answer": (
        OPEN, ANSWERED, STAFF, "stop", None, True,
        (("text", "text", True), ("uploads", "files", False)), {"author"},
    ),
    "supplement": (
        (ANSWERED, CLOSED), None, STAFF, "keep", None, True,
        (("text", "text", True), ("uploads", "files", False)), {"author"},
    ),
    "reply": (
        (WAITING,), ACCEPTED, {"resident"}, "keep", None, True,
        (("text", "text", True), ("uploads", "files", False)), {"service"},
    ),
    "close": ((ANSWERED,), CLOSED, STAFF | {"resident"}, "keep", None, True, (), {"author"}),
    "reopen": (
        (ANSWERED, CLOSED), ACCEPTED, {"office", "dispatcher", "resident"}, "start", None, True, (("text", "text", True), ("uploads", "files", False)),
        {"author", "service"},
    ),
    "rate": (
        (ANSWERED, CLOSED), None, {"resident"}, "keep", None, False,
        (("satisfied", "verdict", True), ("text", "text", False)), set(),
    ),
    "amend": (
        (NEW,), None, {"resident"}, "keep", None, True,
        (
            ("text", "own text", False), ("category", "category", False), ("address", "address", False),
            ("point", "place", False),
        ), {"service"},
    ),
    "add": (
        OPEN, None, {"resident"}, "keep", None, True,
        (("text", "text", False), ("uploads", "files", False)), {"service"},
    ),
    "plan": (
        OPEN, PLANNED, STAFF, "keep", None, True,
        (("planned_on", "day", True), ("text", "text", True)), {"author"},
    ),
    "ask": (RUNNING, WAITING, STAFF, "pause", None, True, (("text", "text", True),), {"author"}),
    "forward": (
        OPEN, NEW, STAFF, "keep", None, True,
        (("to_service", "service", True), ("text", "text", True)), {"author", "service"},
    ),
    "extend": (
        OPEN, None, STAFF, "extend", None, True, (("text", "text", True),), {"author"},
    ),
    "correct": (
        OPEN, None, STAFF, "keep", None, True,
        (("category", "category", False), ("point", "place", False), ("text", "text", True)), {"author", "service"},
    ),
    "identify": (
        RUNNING, None, {"office", "dispatcher", "resident"}, "start", None, True,
        (
            ("kind", "legal kind", True), ("name", "identity", False), ("postal_address", "identity", False),
            ("phone", "identity", False), ("email", "identity", False),
        ), {"author", "service"},
    ),
    "reclassify": (
        OPEN, None, {"office", "dispatcher"}, "recount", None, True, (("kind", "kind", True), ("text", "text", True)),
        {"author"},
    ),
    "duplicate": (OPEN, CLOSED, STAFF, "end", None, True, (("original", "appeal", True),), {"author"}),
    "separate": ((CLOSED,), ACCEPTED, STAFF, "go on", None, True, (), {"author"}),
    "split": (
        RUNNING, None, STAFF, "keep", None, True,
        (("category", "second category", True), ("text", "text", True)), {"author"},
    ),
    "rejoin": ((NEW,), CLOSED, STAFF, "end", None, True, (), {"author", "service"}),
    "unsplit": (OPEN, None, STAFF, "keep", None, True, (("other", "part", True),), set()),
    "link": (EVERYWHERE, None, STAFF, "keep", None, True, (("other", "related appeal", True),), set()),
    "unlink": (EVERYWHERE, None, STAFF, "keep", None, True, (("other", "linked appeal", True),), set()),
    "refuse": (
        OPEN, CLOSED, STAFF, "end", None, True, (("ground", "ground", True), ("text", "text", True)),
        {"author"},
    ),
    "withdraw": (OPEN, CLOSED, {"resident"}, "end", None, True, (("text", "text", False),), {"service"}),
    "assign": (
        OPEN, None, STAFF, "keep", None, False, (("assignee", "colleague", False),), set(),
    ),
    "note": (EVERYWHERE, None, STAFF | MODERATION, "keep", None, False, (("text", "text", True),), set()),
    "clear": (EVERYWHERE, None, MODERATION, "keep", None, False, (("text", "text", False),), set()),
    "hide_file": (
        EVERYWHERE, None, MODERATION, "keep", None, True,
        (("file", "shown file", True), ("text", "text", True)), {"author"},
    ),
    "show_file": (
        EVERYWHERE, None, MODERATION, "keep", None, True, (("file", "hidden file", True),), {"author"},
    ),
    "hide_comment": (
        EVERYWHERE, None, MODERATION, "keep", None, True,
        (("comment", "shown comment", True), ("text", "text", True)), set(),
    ),
    "show_comment": (
        EVERYWHERE, None, MODERATION, "keep", None, True, (("comment", "hidden comment", True),), set(),
    ),
    "cover": (
        EVERYWHERE, None, MODERATION, "keep", None, True,
        (("photo", "photo", True), ("areas", "areas", True), ("text", "text", True)), {"author"},
    ),
    "uncover": (
        EVERYWHERE, None, MODERATION, "keep", None, True, (("photo", "covered photo", True),), {"author"},
    ),
    "redact": (
        EVERYWHERE, None, MODERATION, "keep", None, True,
        (("pieces", "words", True), ("text", "text", True)), {"author"},
    ),
    "restore": (EVERYWHERE, None, MODERATION, "keep", None, True, (), {"author"}),
    "hide": (EVERYWHERE, None, MODERATION, "keep", True, True, (("text", "text", True),), {"author"}),
    "show": (EVERYWHERE, None, MODERATION, "keep", False, True, (), {"author"}),
    "hold": ((NEW,), None, {"system"}, "keep", True, True, (), {"office"}),
    "carry": ((*OPEN, ANSWERED, CLOSED), NEW, {"system"}, "start", None, True, (), {"author", "service"}),
    "warn_half": (RUNNING, None, {"system"}, "keep", None, False, (), {"service"}),
    "warn_most": (RUNNING, None, {"system"}, "keep", None, False, (), {"service"}),
    "warn_due": (RUNNING, None, {"system"}, "keep", None, False, (), {"service"}),
    "escalate": (OPEN, None, {"system"}, "keep", None, True, (), {"office", "service"}),
    "remind": ((WAITING,), None, {"system"}, "keep", None, True, (), {"author"}),
    "lapse": ((WAITING,), ACCEPTED, {"system"}, "keep", None, True, (), {"author", "service"}),
    "recount": (OPEN, None, {"system"}, "recount", None, True, (), set()),
    "answered_elsewhere": (OPEN, ANSWERED, {"system"}, "elsewhere", None, True, (), set()),
    "found_overdue": (OPEN, None, {"system"}, "keep", None, True, (), set()),
}  # fmt: skip


def row(verb: Verb) -> tuple[object, ...]:
    return (
        verb.sources,
        verb.target,
        set(verb.roles),
        verb.clock.value,
        verb.hides,
        verb.public,
        tuple((ask.name, ask.input.value, ask.required) for ask in verb.asks),
        set(verb.letters),
    )


@pytest.mark.parametrize("code", VERBS)
def test_the_row_of_the_table(code: str) -> None:
    assert VERBS[code].code == str(VERBS[code]) == code
    assert row(VERBS[code]) == TABLE[code]


def test_the_table_has_no_other_row() -> None:
    assert list(VERBS) == list(TABLE)
    assert verb_choices() == [(code, code) for code in TABLE]


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("hidden", [False, True])
def test_who_may_do_what_when(status: Status, role: Role, hidden: bool) -> None:
    expected = [
        code
        for code, (sources, _to, roles, _clock, hides, *_rest) in TABLE.items()
        if status in sources and role in roles and hides is not hidden
    ]
    assert [verb.code for verb in verbs_for(status, role, hidden=hidden, held=False)] == expected


def test_buttons_of_a_representative() -> None:
    new, waiting, answered, closed = (
        {verb.code for verb in verbs_for(status, Role.SERVICE, hidden=False, held=False)}
        for status in (Status.NEW, Status.WAITING, Status.ANSWERED, Status.CLOSED)
    )
    assert {"accept", "answer", "forward", "note"} < new
    assert new - waiting == {"accept", "ask", "split", "rejoin"} and waiting < new
    assert answered - new == {"supplement", "close"}
    assert closed - answered == {"separate"}


def test_hide_and_show_exclude_each_other() -> None:
    for status in Status:
        shown, hidden = (
            set(verbs_for(status, Role.OFFICE, hidden=hidden, held=False)) for hidden in (False, True)
        )
        assert HIDE in shown and SHOW not in shown
        assert SHOW in hidden and HIDE not in hidden
        held = set(verbs_for(status, Role.OFFICE, hidden=True, held=True))
        assert {SHOW, HIDE} <= held and not HOLD.allows(status, Role.SYSTEM, hidden=True, held=True)


def test_the_words_of_the_author_are_the_author_s_alone() -> None:
    assert CLOSE.words_for(Role.RESIDENT) is CLOSE.author_words
    assert CLOSE.words_for(Role.SERVICE) is CLOSE.words
    assert ANSWER.words_for(Role.RESIDENT) is ANSWER.words
    assert [verb.code for verb in VERBS.values() if verb.author_words] == ["close", "reopen"]


def test_an_answer_is_what_stops_the_clock() -> None:
    assert [verb.code for verb in VERBS.values() if verb.answers] == ["answer"]


def test_what_says_who_works_on_it() -> None:
    assert {verb.code: verb.assigns for verb in VERBS.values() if verb.assigns is not False} == {
        "assign": True
    }


def test_what_is_read_as_an_answer() -> None:
    assert [verb.code for verb in VERBS.values() if verb.speaks] == ["answer", "supplement"]
    assert [verb.code for verb in VERBS.values() if verb.supplements] == ["supplement"]


def test_terms_and_calendar_are_read_only_where_they_decide() -> None:
    anywhere = {
        "submit",
        "submit_for",
        "reopen",
        "ask",
        "extend",
        "warn_half",
        "warn_most",
        "warn_due",
        "escalate",
        "remind",
        "lapse",
        "recount",
        "separate",
        "found_overdue",
        "identify",
        "reclassify",
        "correct",
        "amend",
        "split",
        "carry",
    }
    assert {verb.code for verb in VERBS.values() if verb.reads_clock(NEW)} == anywhere
    # What leaves the state in which the clock stands still sets it going.
    leaving = {
        "accept",
        "answer",
        "reply",
        "close",
        "forward",
        "plan",
        "duplicate",
        "refuse",
        "withdraw",
        "rejoin",
        "answered_elsewhere",
    }
    assert {verb.code for verb in VERBS.values() if verb.reads_clock(WAITING)} == anywhere | leaving
    assert ACCEPT.resumes(WAITING) and not ACCEPT.resumes(NEW)
    assert not dataclasses.replace(ACCEPT, target=Status.WAITING).resumes(WAITING)


def test_what_may_be_done_to_many_at_once() -> None:
    bulk = [verb for verb in VERBS.values() if verb.bulk]
    assert [verb.code for verb in bulk] == ["accept", "close", "forward", "assign", "note"]
    assert not any(verb.roles == {Role.SYSTEM} or verb.guard for verb in bulk)


def test_what_the_authors_of_repetitions_are_told() -> None:
    assert [verb.code for verb in VERBS.values() if verb.followed] == [
        "answer",
        "supplement",
        "close",
        "reopen",
        "plan",
        "duplicate",
        "refuse",
        "carry",
    ]
    assert "7" in str(FOLLOWER_LETTER) % {"number": 7}


def test_ends_without_an_answer_say_why() -> None:
    assert {verb.code: verb.outcome.value for verb in VERBS.values() if verb.outcome} == {
        "duplicate": "duplicate",
        "rejoin": "joined",
        "refuse": "refused",
        "withdraw": "withdrawn",
    }
    assert {verb for verb in VERBS.values() if verb.clock is Clock.END} == {
        verb for verb in VERBS.values() if verb.outcome
    }


def test_what_a_step_does_besides() -> None:
    """Links, words taken out, the state before and how often: by verb, where it is not as in most rows."""
    besides: dict[str, dict[str, object]] = {
        "links": {"split": True, "rejoin": False, "unsplit": False, "link": True, "unlink": False},
        "rejoins": {"unsplit": True},
        "redacts": {"redact": True, "restore": False},
        "returns": {"separate": True},
        "passes_max": {"forward": 2},
        "escalates": {"escalate": True, "found_overdue": True},
        "warns": {"warn_half": 1, "warn_most": 2, "warn_due": 3},
        "reminds": {"remind": True},
        "carries": {"carry": True},
        "amends": {"amend": True},
        "adds": {"add": True},
    }
    for name, expected in besides.items():
        usual = getattr(ACCEPT, name)
        found = {
            verb.code: getattr(verb, name) for verb in VERBS.values() if getattr(verb, name) is not usual
        }
        assert found == expected
    assert [verb.code for verb in VERBS.values() if verb.words.instead] == ["forward", "recount"]
    assert [verb.code for verb in VERBS.values() if verb.words.moved] == ["amend"]


def test_the_stages_of_a_term_and_their_warnings() -> None:
    assert STAGES == {Guard.HALF_PASSED: 1, Guard.MOST_PASSED: 2, Guard.LAST_DAY: 3}
    assert dict(WARNINGS) == {1: VERBS["warn_half"], 2: VERBS["warn_most"], 3: VERBS["warn_due"]}


def test_a_guard_that_is_not_met_bars_its_verb() -> None:
    assert EXTEND.allows(NEW, Role.SERVICE, hidden=False, held=False)
    assert not EXTEND.allows(NEW, Role.SERVICE, hidden=False, held=False, barred={Guard.EXTENDABLE})
    assert EXTEND not in verbs_for(
        Status.NEW, Role.SERVICE, hidden=False, held=False, barred={Guard.EXTENDABLE}
    )
    assert {verb.code: verb.guard.value for verb in VERBS.values() if verb.guard} == {
        "ask": "askable",
        "extend": "extendable",
        "separate": "repeats",
        "rate": "rateable",
        "amend": "correctable",
        "add": "extensible",
        "identify": "civic",
        "reclassify": "legal",
        "rejoin": "split off",
        "unsplit": "has part",
        "unlink": "linked",
        "clear": "reported",
        "hide_file": "file shown",
        "show_file": "file hidden",
        "hide_comment": "comment shown",
        "show_comment": "comment hidden",
        "cover": "photo there",
        "uncover": "photo covered",
        "restore": "redacted",
        "carry": "gathered",
        "warn_half": "half passed",
        "warn_most": "most passed",
        "warn_due": "last day",
        "escalate": "term passed",
        "remind": "reminder due",
        "lapse": "reply missing",
        "found_overdue": "term passed",
    }


def test_only_what_changes_nothing_that_a_form_rests_on_is_quiet() -> None:
    quiet = [verb for verb in VERBS.values() if verb.quiet]
    assert [verb.code for verb in quiet] == [
        "rate",
        "add",
        "link",
        "unlink",
        "assign",
        "note",
        "clear",
        "hide_file",
        "show_file",
        "hide_comment",
        "show_comment",
        "cover",
        "uncover",
        "redact",
        "restore",
        "warn_half",
        "warn_most",
        "warn_due",
        "escalate",
        "remind",
        "recount",
        "found_overdue",
    ]
    assert all(verb.target is None and verb.hides is None and not verb.answers for verb in quiet)


def test_what_a_step_closes_of_what_was_reported() -> None:
    assert {verb.code: verb.settles.value for verb in VERBS.values() if verb.settles} == {
        "hide": "all",
        "show": "all",
        "clear": "read",
        "hide_file": "read of the appeal",
        "hide_comment": "comment",
        "cover": "read of the appeal",
        "redact": "read of the appeal",
    }


#: What people do; the platform's own steps have no button.
DEEDS = [verb for verb in VERBS.values() if not verb.begins and verb.roles != {Role.SYSTEM}]


@pytest.mark.parametrize("verb", DEEDS, ids=str)
def test_every_verb_has_what_its_button_and_its_form_say(verb: Verb) -> None:
    for words in filter(None, (verb.words, verb.author_words)):
        assert words.step and words.button and words.done
        assert bool(words.invitation) == bool(verb.asks)
    assert verb.icon
    assert all(ask.label for ask in verb.asks)
    assert isinstance(verb.tone, Tone)
    assert len({ask.name for ask in verb.asks}) == len(verb.asks)
    # Words and services are columns of the event, whatever they are asked as.
    names = {Input.TEXT: "text", Input.SERVICE: "to_service", Input.FILES: "uploads"}
    names |= {Input.SHOWN_FILE: "file", Input.HIDDEN_FILE: "file"}
    assert all(ask.name == names.get(ask.input, ask.name) for ask in verb.asks)


def test_prominent_buttons() -> None:
    assert {verb.code: verb.tone.value for verb in VERBS.values() if verb.tone is not Tone.PLAIN} == {
        "accept": "primary",
        "answer": "primary",
        "reply": "primary",
        "refuse": "danger",
        "hide_file": "danger",
        "hide_comment": "danger",
        "cover": "danger",
        "redact": "danger",
        "hide": "danger",
    }


def test_every_icon_is_drawn() -> None:
    sprite = Path(__file__).parents[2] / "web" / "static" / "web" / "img" / "icons.svg"
    drawn = re.findall(r'id="([\w-]+)"', sprite.read_text(encoding="utf-8"))
    assert {verb.icon for verb in VERBS.values() if not verb.begins} <= {*drawn}


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (Status, EVERYWHERE),
        (Kind, ("report", "complaint", "request", "recommendation")),
        (Tone, ("plain", "primary", "danger")),
        (Audience, ("author", "service", "office", "follower")),
        (Reason, ("day_off", "working_day", "ordinary_day", "calendar", "term")),
    ],
)
def test_names_that_are_stored_and_looked_up(names: type[Enum], values: tuple[str, ...]) -> None:
    assert tuple(member.value for member in names) == values


def test_the_causes_of_a_new_due_date_are_kept_by_name_and_told_in_words() -> None:
    holiday = Cause(Reason.DAY_OFF, dt.date(2026, 8, 31))
    assert holiday.details == {"reason": "day_off", "day": "2026-08-31"}
    assert Cause(Reason.TERM).details == {"reason": "term"}
    assert {*REASONS} == {*Reason}
    assert all(str(words) % {"day": "31 August"} for words in REASONS.values())


def test_rows_are_themselves_and_stay_as_they_are() -> None:
    assert dataclasses.replace(ANSWER) != ANSWER
    for value in (ANSWER, ANSWER.asks[0], ANSWER.words, Cause(Reason.TERM)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, None)


def test_subjects_know_the_number() -> None:
    for verb in VERBS.values():
        for audience, subject in verb.letters.items():
            assert isinstance(audience, Audience)
            assert "7" in str(subject) % {"number": 7}


@given(
    st.lists(
        st.tuples(st.sampled_from([*VERBS.values()]), st.sampled_from(list(Role))),
        max_size=30,
    )
)
def test_no_sequence_leaves_the_table_and_the_clock_follows_the_state(steps: list[tuple[Verb, Role]]) -> None:
    status, hidden, held, running, standing = Status.NEW, False, False, True, False
    for verb, role in steps:
        if not verb.allows(status, role, hidden=hidden, held=held):
            continue
        standing = verb.clock is Clock.PAUSE or (standing and not verb.resumes(status))
        status = verb.target or status
        if verb.hides is not None:
            hidden, held = verb.hides, verb.holds
        running = {
            Clock.START: True,
            Clock.GO_ON: True,
            Clock.STOP: False,
            Clock.END: False,
            Clock.ELSEWHERE: False,
        }.get(verb.clock, running)
        assert status in Status
        assert running == (status in OPEN_STATUSES)
        assert (running and not standing) == (status in RUNNING_STATUSES)


def test_reopening_begins_the_term_anew() -> None:
    assert REOPEN.clock is Clock.START


def test_diagram_in_the_docs_is_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "workflow.md").read_text(encoding="utf-8")
    printed = StringIO()
    call_command("workflow_diagram", stdout=printed)
    assert f"```mermaid\n{printed.getvalue()}```" in page


@pytest.mark.parametrize(
    ("language", "names"),
    [
        # Law of the Kyrgyz Republic on the order of consideration of appeals, article 1.
        ("ky", ["Даттануу", "Арыз", "Сунуш"]),
        ("ru", ["Жалоба", "Заявление", "Предложение"]),
    ],
)
def test_the_kinds_are_called_as_the_law_calls_them(language: str, names: list[str]) -> None:
    with translation.override(language):
        assert [str(kind.label) for kind in LEGAL_KINDS] == names
