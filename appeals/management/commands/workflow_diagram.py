"""``./manage.py workflow_diagram``: prints the diagram of docs/workflow.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from appeals.workflow_diagram import diagram


class Command(BaseCommand):
    help = "Prints the workflow table as a Mermaid state diagram, for docs/workflow.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(diagram(), ending="")
