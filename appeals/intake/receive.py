"""What comes through a door of intake: parsed, counted, stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from appeals.actions.submit import Submission, Submitted, submit
from appeals.actors import Person
from appeals.errors import Invalid
from appeals.intake.parse import parse_submission
from appeals.oddities import is_baited
from rates.taking import SUBMIT, take

#: Where the solution of a challenge is sent.
PROOF: Final = "proof"


def receive(
    data: Mapping[str, Any],
    *,
    language: str,
    source: str,
    sender: str,
    holders: Collection[str],
    by: Person | None = None,
    refused: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Submission, Submitted]:
    """What was sent, as ``parse_submission`` reads it, and what ``submit`` made of it.

    ``holders`` are whose uploads it may take; ``by`` takes down what the author says. ``refused`` is what the door itself could not take, by field. Raises ``Invalid`` with the sentences of all wrong
    fields, ``Conflict``, ``NotAllowed`` and ``TooMany``; what is refused is counted like what is taken.
    """
    try:
        submission = parse_submission(data, language=language, source=source)
        if refused:
            raise Invalid(refused)
    except Invalid:
        take(SUBMIT, sender)
        raise
    proof = data.get(PROOF)
    submitted = submit(
        submission,
        sender=sender,
        by=by,
        holders=holders,
        baited=is_baited(data),
        proof=proof if proof is None or isinstance(proof, str) else "",
    )
    return submission, submitted
