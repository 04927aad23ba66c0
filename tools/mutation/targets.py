"""What is mutated, and the tests that must notice. A file that moves is renamed here; nothing else knows the paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_ACTIONS = "tests/appeals/actions"
_ROUTING = ("tests/districts/test_routing.py", "tests/districts/test_shapes.py")

#: Source (a file, or a folder for every source in it that has no line of its own) → the tests of its room that know it.
#: Few on purpose: whoever changes the source runs them, and what only a distant test notices is a test that is missing
#: here.
TARGETS: dict[str, tuple[str, ...]] = {
    "districts/sql/candidates.sql": _ROUTING,
    "districts/routing.py": _ROUTING,
    "districts/actions": ("tests/districts/actions", "tests/districts/importing"),
    "districts/choices.py": ("tests/districts/test_choices.py",),
    "districts/places.py": ("tests/districts/test_places.py",),
    "geo/bbox.py": ("tests/geo/test_bbox.py",),
    "geo/classes.py": ("tests/geo/test_classes.py",),
    "geo/crs.py": ("tests/geo/test_crs.py",),
    "geo/geojson.py": ("tests/geo/test_geojson.py",),
    "geo/grid.py": ("tests/geo/test_grid.py",),
    "geo/numbers.py": ("tests/geo/test_numbers.py",),
    "geo/paging.py": ("tests/geo/test_paging.py",),
    "geo/points.py": ("tests/geo/test_points.py",),
    "geo/polygons.py": ("tests/geo/test_polygons.py",),
    "geo/refusals.py": ("tests/geo/test_refusals.py",),
    "geo/topology.py": ("tests/geo/test_polygons.py", "tests/districts/importing"),
    "geo/words.py": ("tests/geo/test_words.py",),
    "appeals/vocabulary.py": ("tests/appeals/test_workflow.py",),
    "appeals/workflow.py": ("tests/appeals/test_workflow.py",),
    "appeals/deadlines.py": ("tests/appeals/test_deadlines.py",),
    "appeals/actions": ("tests/appeals/actions",),
    "appeals/actions/attachments.py": (f"{_ACTIONS}/test_attachments.py",),
    "appeals/actions/count_again.py": (f"{_ACTIONS}/test_count_again.py",),
    "appeals/actions/cover.py": ("tests/test_covering.py",),
    "appeals/actions/drafts.py": (f"{_ACTIONS}/test_drafts.py",),
    "appeals/actions/escalate.py": (f"{_ACTIONS}/test_escalate.py", f"{_ACTIONS}/test_rounds.py"),
    "appeals/actions/hand_over.py": (f"{_ACTIONS}/test_hand_over.py",),
    "appeals/actions/inputs.py": (
        f"{_ACTIONS}/test_inputs.py",
        f"{_ACTIONS}/test_correct.py",
        f"{_ACTIONS}/test_relations.py",
        f"{_ACTIONS}/test_repetitions.py",
        "tests/test_covering.py",
        "tests/test_redacting.py",
    ),
    "appeals/actions/perform.py": (
        f"{_ACTIONS}/test_perform.py",
        f"{_ACTIONS}/test_questions.py",
        f"{_ACTIONS}/test_escalate.py",
        f"{_ACTIONS}/test_plans.py",
        f"{_ACTIONS}/test_endings.py",
        f"{_ACTIONS}/test_correct.py",
        f"{_ACTIONS}/test_warn.py",
        f"{_ACTIONS}/test_repetitions.py",
        f"{_ACTIONS}/test_passing_on.py",
        f"{_ACTIONS}/test_relations.py",
        f"{_ACTIONS}/test_count_again.py",
        "tests/test_covering.py",
        "tests/test_redacting.py",
    ),
    "appeals/actions/questions.py": (f"{_ACTIONS}/test_questions.py",),
    "appeals/actions/redact.py": ("tests/test_redacting.py",),
    "appeals/actions/rounds.py": (f"{_ACTIONS}/test_rounds.py", f"{_ACTIONS}/test_warn.py"),
    "appeals/actions/split.py": (f"{_ACTIONS}/test_relations.py",),
    "appeals/actions/submit.py": (
        f"{_ACTIONS}/test_submit.py",
        f"{_ACTIONS}/test_races.py",
        f"{_ACTIONS}/test_relations.py",
    ),
    "appeals/actions/upload.py": (f"{_ACTIONS}/test_upload.py", f"{_ACTIONS}/test_races.py"),
    "appeals/actions/warn.py": (f"{_ACTIONS}/test_warn.py", f"{_ACTIONS}/test_rounds.py"),
    "appeals/actions/comment.py": ("tests/public/test_comments.py",),
    "appeals/folding.py": ("tests/appeals/test_cell_counts.py",),
    "appeals/kept_number.py": ("tests/opendata/test_number_matched.py",),
    "appeals/models/pyramid.py": ("tests/appeals/test_cell_counts.py", "tests/opendata/test_tiles.py"),
    "appeals/oddities.py": ("tests/appeals/test_oddities.py",),
    "desk/moderation.py": ("tests/desk/test_moderation.py",),
    "geo/hotspots": ("tests/geo/hotspots",),
    "opendata/clusters.py": ("tests/opendata/test_clusters.py",),
    "opendata/number_matched.py": ("tests/opendata/test_number_matched.py",),
    "opendata/tiles.py": ("tests/opendata/test_tiles.py",),
    "rates/proofs.py": ("tests/rates/test_proofs.py",),
    "reports/by_district.py": ("tests/reports/test_by_district.py", "tests/reports/test_year_before.py"),
    "reports/hotspots.py": ("tests/reports/test_hotspots.py", "tests/reports/test_year_before.py"),
    "reports/year_before.py": ("tests/reports/test_year_before.py",),
}

SOURCES = frozenset({".py", ".sql"})


class NoSuchTarget(ValueError):
    """The table, or the command line, names what is not there; the message says what to do."""


@dataclass(frozen=True)
class Target:
    """A source file and the tests of its room, both relative to the root of the checkout."""

    path: str
    tests: tuple[str, ...]

    @property
    def is_sql(self) -> bool:
        return self.path.endswith(".sql")

    @property
    def module(self) -> str:
        """Dotted name under which a Python target is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def chosen(
    wanted: Sequence[str], root: Path, table: dict[str, tuple[str, ...]] | None = None
) -> list[Target]:
    """Targets that are, or lie below, one of the wanted paths; all of them when none is wanted.

    Raises ``NoSuchTarget`` for a path of the table that does not exist and for a wanted path that the table lacks.
    """
    targets = list(_declared(root, TARGETS if table is None else table))
    found: dict[str, Target] = {}
    for path in [one.rstrip("/") for one in wanted] or [""]:
        matching = [target for target in targets if not path or _holds(path, target.path)]
        if not matching:
            raise NoSuchTarget(f"{path} is no target of tools/mutation/targets.py")
        found.update((target.path, target) for target in matching)
    return list(found.values())


def _declared(root: Path, table: dict[str, tuple[str, ...]]) -> Iterator[Target]:
    for path, tests in table.items():
        for needed in (path, *tests):
            if not (root / needed).exists():
                raise NoSuchTarget(f"{needed} does not exist: correct the entry of {path} in TARGETS")
        if (root / path).is_file():
            yield Target(path, tests)
            continue
        # An empty __init__.py has nothing to break.
        files = [
            file
            for file in sorted((root / path).rglob("*"))
            if file.suffix in SOURCES and file.stat().st_size
        ]
        paths = [file.relative_to(root).as_posix() for file in files]
        yield from (Target(one, tests) for one in paths if one not in table)


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
