"""Letters of a site without a mail server: kept in a folder that its owner alone can read, not printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends.filebased import EmailBackend


class KeptInAFolder(EmailBackend):
    """Django's file backend, whose folder is made closed to others: letters hold the keys of their readers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        folder = Path(options.get("file_path") or settings.EMAIL_FILE_PATH)  # type: ignore[misc]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(*args, **options)
