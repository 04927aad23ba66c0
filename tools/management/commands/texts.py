"""``./manage.py texts``: the rooms' message catalogues follow the code."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bootstrap.catalogues import compile_one
from tools import extraction


class Command(BaseCommand):
    help = (
        "Reads the messages of every room's Python and templates, brings locale/*/LC_MESSAGES/django.po up to date "
        "(translations stay) and compiles them. Messages for other packages' pages are named with gettext_noop in a "
        "module of the room that shows them."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rooms", nargs="*", help="rooms to look at (all)")
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; fail and list what is missing, fuzzy, wrong or obsolete",
        )
        parser.add_argument(
            "--prune", action="store_true", help="drop translations that nobody asks for any more"
        )

    def handle(self, *args: Any, rooms: list[str], check: bool, prune: bool, **options: Any) -> None:
        root = Path(settings.BASE_DIR)
        found: list[extraction.Problem] = []
        for room in _rooms(root, rooms):
            asked = extraction.asked_for(room, root)
            for language in _languages():
                path = room / "locale" / language / "LC_MESSAGES" / "django.po"
                if not asked and not path.exists():
                    continue
                catalogue = extraction.read_catalogue(path, language)
                if not check:
                    catalogue = extraction.updated(catalogue, language, asked, prune=prune)
                    _write(path, extraction.text_of(catalogue, language))
                found += extraction.problems(path.relative_to(root), catalogue, asked)
        for problem in found:
            self.stdout.write(str(problem))
        if found and check:
            raise CommandError(
                f"{len(found)} messages to mend: ./manage.py texts updates the files, then translate."
            )
        self.stdout.write(f"{len(found)} messages to mend." if found else "Every message is translated.")


def _rooms(root: Path, names: list[str]) -> list[Path]:
    """Folders of the project's own apps; of the named ones alone if any are named."""
    own = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == root]
    chosen = [room for room in own if not names or room.name in names]
    unknown = set(names) - {room.name for room in chosen}
    if unknown:
        raise CommandError(f"No such room: {', '.join(sorted(unknown))}")
    return chosen


def _languages() -> list[str]:
    """Languages that need catalogues: the messages themselves are English."""
    return [code for code, _ in settings.LANGUAGES if code != "en"]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    compile_one(path)
