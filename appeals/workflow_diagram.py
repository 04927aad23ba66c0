"""The workflow table as a Mermaid state diagram, for docs/workflow.md: ``python -m appeals.workflow_diagram``."""

from __future__ import annotations

import sys

from appeals.workflow import TRANSITIONS, Clock, Status, Transition, Verb

_CLOCK = {Clock.START: ", term begins anew", Clock.KEEP: "", Clock.STOP: ", term ends"}


def diagram() -> str:
    """Mermaid source; one arrow for each row and source state of the table."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.NEW}: {Verb.SUBMIT} (anyone)"]
    for row in TRANSITIONS:
        lines += [f"    {source} --> {row.target or source}: {_label(row)}" for source in row.sources]
    return "\n".join(lines) + "\n"


def _label(row: Transition) -> str:
    return f"{row.verb} ({', '.join(sorted(row.roles))}{_CLOCK[row.clock]})"


if __name__ == "__main__":
    sys.stdout.write(diagram())
