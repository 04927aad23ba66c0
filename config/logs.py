"""Lines of the log as they may be kept: no address that is a key, no traceback for a client's mistake, no endless line."""

from __future__ import annotations

import copy
import logging
import re
from http import HTTPStatus
from typing import Final

#: Characters of one line; a path may be as long as the server's limit on headers.
LINE_MAX: Final = 2000
#: Who has one of these addresses is its owner: an author's page, the choice of a new password, the end of letters or alerts.
_KEY_IN_PATH: Final = re.compile(r"(/(?:follow|followed|key|letters|alerts)/)[^/\s\"'?#]+")


class Discreet(logging.Formatter):
    """Formats records for the log file; the record itself stays as it is, for other handlers."""

    def format(self, record: logging.LogRecord) -> str:
        if (record.exc_info and record.levelno < logging.ERROR) or record.name.startswith("django.security."):
            # A refused request: where in our code it was refused is known.
            record = copy.copy(record)
            record.exc_info = record.exc_text = None
        text = _KEY_IN_PATH.sub(r"\1…", super().format(record))
        return "\n".join(_cut(line) for line in text.split("\n"))


class VisitorsMistakes(logging.Filter):
    """Has what a visitor did wrong (4xx) said at INFO, where Django warns: one visitor can write thousands of such lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", 0)
        if record.levelno == logging.WARNING and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return logging.getLogger().isEnabledFor(record.levelno)


def _cut(line: str) -> str:
    return line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]}… ({len(line)} characters)"
