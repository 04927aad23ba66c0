"""What is looked for in appeals: their words as the database keeps them, telephone numbers of those who sent them."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q

# Older migrations make their indexes with them.
from geo.word_forms import Folded as Folded
from geo.word_forms import Lexemes as Lexemes


class KeptLexemes(Lexemes):
    """The same of an appeal's address and text, from a column in which the database keeps them.

    Making them for each row of a page costs ten times what reading the row does. No model has the column, for no page
    shows it; a migration made it, and its index.
    """

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, _params = compiler.compile(self.source_expressions[-1])
        return f"{column.rpartition('.')[0]}.lexemes", []


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


def mailbox(words: str, column: str) -> Q:
    """The column holds that e-mail address, whatever its capitals; nothing for words that are none."""
    address = words.strip()
    return Q(**{f"{column}__iexact": address}) & ~Q(**{column: ""}) if "@" in address else Q(pk__in=[])
