"""``./manage.py texts``: keeps the rooms' message catalogues in step with the code."""

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
        "Reads the messages in every room's Python and templates, updates locale/*/LC_MESSAGES/django.po "
        "(keeping translations) and compiles them. Messages for other packages' pages are marked with "
        "gettext_noop in a module of the room that shows them."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rooms", nargs="*", help="rooms to process (all)")
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; list what is missing, fuzzy, wrong or obsolete, and fail if there is any",
        )
        parser.add_argument("--prune", action="store_true", help="drop translations that are no longer used")

    def handle(self, *args: Any, rooms: list[str], check: bool, prune: bool, **options: Any) -> None:
        root = Path(settings.BASE_DIR)
        found: list[extraction.Problem] = []
        for room in _rooms(root, rooms):
            used = extraction.messages_used(room, root)
            for language in _languages():
                path = room / "locale" / language / "LC_MESSAGES" / "django.po"
                if not used and not path.exists():
                    continue
                catalogue = extraction.read_catalogue(path, language)
                if not check:
                    catalogue = extraction.updated(catalogue, language, used, prune=prune)
                    _write(path, extraction.text_of(catalogue, language))
                found += extraction.problems(path.relative_to(root), catalogue, used)
        for problem in found:
            self.stdout.write(str(problem))
        if found and check:
            raise CommandError(
                f"{len(found)} messages to fix: run ./manage.py texts to update the files, then translate."
            )
        self.stdout.write(f"{len(found)} messages to fix." if found else "Every message is translated.")


def _rooms(root: Path, names: list[str]) -> list[Path]:
    """Folders of the project's own apps, or only of the named ones."""
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
