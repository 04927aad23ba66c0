from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from appeals.workflow import OPEN_STATUSES, TRANSITIONS, Clock, Status, Verb, transition, verbs_for
from appeals.workflow_diagram import diagram


def test_every_verb_but_submit_has_one_row() -> None:
    assert sorted(row.verb for row in TRANSITIONS) == sorted(set(Verb) - {Verb.SUBMIT})


def test_nobody_from_outside_may_do_anything() -> None:
    assert not any(Role.PUBLIC in row.roles for row in TRANSITIONS)


def test_only_the_office_hides() -> None:
    assert transition(Verb.HIDE).roles == transition(Verb.SHOW).roles == {Role.OFFICE}


def test_buttons_of_a_representative() -> None:
    assert list(verbs_for(Status.NEW, Role.SERVICE, hidden=False)) == [Verb.ACCEPT, Verb.ANSWER, Verb.FORWARD]
    assert list(verbs_for(Status.ANSWERED, Role.SERVICE, hidden=False)) == [Verb.CLOSE]
    assert list(verbs_for(Status.CLOSED, Role.SERVICE, hidden=False)) == []


def test_resident_decides_whether_it_is_solved() -> None:
    assert list(verbs_for(Status.ANSWERED, Role.RESIDENT, hidden=False)) == [Verb.CLOSE, Verb.REOPEN]
    assert list(verbs_for(Status.NEW, Role.RESIDENT, hidden=False)) == []


def test_hide_and_show_exclude_each_other() -> None:
    for status in Status:
        shown, hidden = (set(verbs_for(status, Role.OFFICE, hidden=hidden)) for hidden in (False, True))
        assert Verb.HIDE in shown and Verb.SHOW not in shown
        assert Verb.SHOW in hidden and Verb.HIDE not in hidden


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(set(Verb) - {Verb.SUBMIT})), st.sampled_from(list(Role))),
        max_size=30,
    )
)
def test_no_sequence_leaves_the_table_and_the_clock_follows_the_state(steps: list[tuple[Verb, Role]]) -> None:
    status, hidden, running = Status.NEW, False, True
    for verb, role in steps:
        row = transition(verb)
        if not row.allows(status, role, hidden=hidden):
            continue
        status = row.target or status
        hidden = hidden if row.hides is None else row.hides
        running = {Clock.START: True, Clock.STOP: False, Clock.KEEP: running}[row.clock]
        assert status in Status
        assert running == (status in OPEN_STATUSES)


def test_diagram_in_the_docs_is_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "workflow.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}```" in page
