"""What the demo city's folder says of categories and places, as rows, without its borders."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

from districts.models import Category, Place
from tests.grid import at

OSH = Path(__file__).resolve().parents[1] / "data" / "osh"
LANGUAGES = ("ky", "ru", "en")


def osh_categories() -> dict[str, Category]:
    """All of them by code, without services."""
    rows = tomllib.loads((OSH / "categories.toml").read_text(encoding="utf-8"))["category"]
    made = {
        row["code"]: Category(
            code=row["code"],
            position=n,
            words=", ".join(row.get(f"words_{language}", "") for language in LANGUAGES),
            **{f"name_{language}": row[f"name_{language}"] for language in LANGUAGES},
        )
        for n, row in enumerate(rows)
    }
    leaves = {row["code"]: row["parent"] for row in rows if "parent" in row}
    # Those of a grid city that have a code of these.
    Category.objects.filter(code__in=made).delete()
    Category.objects.bulk_create(one for code, one in made.items() if code not in leaves)
    for code, parent in leaves.items():
        made[code].parent = made[parent]
    Category.objects.bulk_create(made[code] for code in leaves)
    return made


def osh_places() -> None:
    """Its gazetteer, without districts."""
    with (OSH / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    Place.objects.bulk_create(
        Place(
            kind=row["kind"],
            aliases=row["aliases"],
            point=at((float(row["lon"]), float(row["lat"]))),
            search=" ".join(row[name] for name in ("name_ky", "name_ru", "name_en", "aliases")).lower(),
            **{name: row[name] for name in ("name_ky", "name_ru", "name_en")},
        )
        for row in rows
    )
