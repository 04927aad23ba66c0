"""The addresses at which the public finds an appeal: what is not public any more is at none of them."""

from __future__ import annotations

from appeals.models import Appeal


def doors(appeal: Appeal) -> list[str]:
    """Where the public finds an appeal and what belongs to it."""
    return [
        f"/en/appeals/{appeal.number}/",
        f"/ky/appeals/{appeal.number}/",
        f"/api/appeals/{appeal.pk}/",
        f"/api/appeals/{appeal.number}/",
        f"/en/follow/{appeal.contact.secret}/",
        "/api/appeals.geojson",
    ]
