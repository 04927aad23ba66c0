"""The workflow table as a Mermaid state diagram, for docs/workflow.md: ``./manage.py workflow_diagram``."""

from __future__ import annotations

from accounts.roles import Role
from appeals.vocabulary import OPEN_STATUSES, Clock, Status, Verb
from appeals.workflow import VERBS

_CLOCK = {
    Clock.START: ", term begins anew",
    Clock.KEEP: "",
    Clock.STOP: ", term ends",
    Clock.PAUSE: ", term stands still",
    Clock.EXTEND: ", term is extended once",
    Clock.RECOUNT: ", term is counted again",
    Clock.END: ", term ends unanswered",
    Clock.ELSEWHERE: ", term is not judged",
    Clock.GO_ON: ", term goes on",
}


def diagram() -> str:
    """Mermaid source; one arrow for each row and source state of the table."""
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {verb.target}: {verb} ({_who(verb)})" for verb in VERBS.values() if verb.begins]
    for verb in VERBS.values():
        lines += [
            f"    {source} --> {target}: {_label(verb, source)}"
            for source in verb.sources
            for target in (OPEN_STATUSES if verb.returns else [verb.target or source])
        ]
    return "\n".join(lines) + "\n"


def _label(verb: Verb, source: Status) -> str:
    goes_on = ", term goes on" if verb.resumes(source) and verb.clock is Clock.KEEP else ""
    return f"{verb} ({_who(verb)}{_CLOCK[verb.clock]}{goes_on})"


def _who(verb: Verb) -> str:
    return "anyone" if Role.PUBLIC in verb.roles else ", ".join(sorted(verb.roles))
