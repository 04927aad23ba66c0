"""What the desk looks for beside words: telephone numbers of those who sent an appeal."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q

# Older migrations make their indexes with them.
from geo.word_forms import Folded as Folded
from geo.word_forms import Lexemes as Lexemes


def digits(words: str) -> str:
    """A telephone number's digits as they stand in E.164, without the 0 or 00 before them; empty when it is none."""
    if not re.fullmatch(r"[\d\s()+.-]+", words, re.ASCII):
        return ""
    found = re.sub(r"\D", "", words).lstrip("0")
    return found if len(found) >= 5 else ""


def telephone(words: str, column: str) -> Q:
    """The column holds the digits of that telephone number, or a part of them; nothing for other words."""
    number: Any = digits(words)
    return Q(**{f"{column}__contains": number}) if number else Q(pk__in=[])
