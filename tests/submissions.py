"""An appeal as a client sends it."""

from __future__ import annotations

from typing import Any

from appeals.identifiers import new_uuid7
from tests.grid import IN_EAST


def submission_document(**changes: Any) -> dict[str, Any]:
    """The smallest body of POST /api/appeals/ that is taken, of a new id, with these members besides or instead."""
    return {
        "id": str(new_uuid7()),
        "kind": "report",
        "category": "lamp",
        "text": "The lamp is out",
        "lon": IN_EAST[0],
        "lat": IN_EAST[1],
    } | changes
