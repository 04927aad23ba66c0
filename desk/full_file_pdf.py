"""An appeal's whole file on paper: A4, with every letter of Kyrgyz, Russian and English."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from desk.coded import Coded
from web.fonts import REGULAR

#: Millimetres by which what belongs to something stands further in.
INDENT: Final = 5
#: What each key of the file is called on paper.
LABELS: Final[dict[str, str | Promise]] = {
    "made_at": gettext_lazy("Made on"),
    "made_for": gettext_lazy("Made for"),
    "appeal": gettext_lazy("The appeal"),
    "author": gettext_lazy("Author"),
    "term": gettext_lazy("The term"),
    "routing": gettext_lazy("Why this service"),
    "files": gettext_lazy("Photos and videos"),
    "steps": gettext_lazy("History"),
    "redactions": gettext_lazy("What was taken out"),
    "letters": gettext_lazy("Letters"),
    "city_changes": gettext_lazy("What was changed meanwhile in terms, calendar, category and services"),
    "author_seen": gettext_lazy("Who was shown the author's data"),
    "taken_before": gettext_lazy("Who took this file before"),
    "number": pgettext_lazy("number of an appeal", "Number"),
    "id": "UUID",
    "version": gettext_lazy("Version"),
    "kind": gettext_lazy("Kind"),
    "category": gettext_lazy("Category"),
    "text": gettext_lazy("Text"),
    "language": gettext_lazy("Language"),
    "address": gettext_lazy("Address"),
    "postal_address": gettext_lazy("Postal address"),
    "longitude": gettext_lazy("Longitude"),
    "latitude": gettext_lazy("Latitude"),
    "district": gettext_lazy("District"),
    "service": gettext_lazy("Service"),
    "assignee": gettext_lazy("Person"),
    "status": gettext_lazy("Status"),
    "hidden": gettext_lazy("Hidden from the public"),
    "submitted_at": gettext_lazy("Received"),
    "answered_at": gettext_lazy("Answered"),
    "closed_at": gettext_lazy("Closed"),
    "escalated_at": gettext_lazy("Passed to the Mayor's Office"),
    "source": gettext_lazy("Came by"),
    "external_id": gettext_lazy("Number there"),
    "repeats": gettext_lazy("Repeats the appeal"),
    "repeated_by": gettext_lazy("Repeated by the appeals"),
    "linked": gettext_lazy("Belongs together with the appeals"),
    "supporters": gettext_lazy("People whom it concerns too"),
    "name": pgettext_lazy("of a person", "Name"),
    "file": gettext_lazy("File"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "email_proven": gettext_lazy("E-mail proven"),
    "due_on": gettext_lazy("Due"),
    "extended_working_days": gettext_lazy("Extended by working days"),
    "pauses": gettext_lazy("Questions to the author and their replies"),
    "explanation": gettext_lazy("Explanation"),
    "law": gettext_lazy("Law"),
    "rule": gettext_lazy("Rule"),
    "border": gettext_lazy("Border"),
    "borders_of_revision": gettext_lazy("Revision of the borders"),
    "state": gettext_lazy("State"),
    "covered": gettext_lazy("Blackened areas, in percent"),
    "whole_file": gettext_lazy("The whole photo"),
    "sha256": "SHA-256",
    "received_at": gettext_lazy("Received"),
    "at": gettext_lazy("When"),
    "verb": gettext_lazy("Step"),
    "what": gettext_lazy("What happened"),
    "who": gettext_lazy("Who"),
    "by": gettext_lazy("Who"),
    "as": gettext_lazy("As"),
    "from_status": gettext_lazy("Status before"),
    "to_status": gettext_lazy("Status after"),
    "to_service": gettext_lazy("Forwarded to"),
    "details": gettext_lazy("Details"),
    "public": gettext_lazy("Public"),
    "reason": gettext_lazy("Reason"),
    "of_version": gettext_lazy("Of the step with version"),
    "field": gettext_lazy("Where"),
    "column": gettext_lazy("What of it"),
    "before": gettext_lazy("Before"),
    "after": gettext_lazy("After"),
    "recipient": gettext_lazy("Recipient"),
    "audience": gettext_lazy("As whom"),
    "channel": gettext_lazy("Channel"),
    "attempts": gettext_lazy("Attempts"),
    "sent_at": gettext_lazy("Sent"),
    "error": gettext_lazy("Error"),
    "form": gettext_lazy("Kind"),
    "how": gettext_lazy("Where"),
}


def as_pdf(number: int, whole: dict[str, Any]) -> bytes:
    """The file in the reader's language, each key of it a heading or a line; a fact that there is not has none.

    Signs that the font lacks stand as their code point, such as [U+1F9F1].
    """
    paper = _Paper(format="A4")
    paper.add_font("text", fname=REGULAR)
    paper.set_title(f"№ {number}")
    paper.set_lang(get_language() or "")
    paper.add_page()
    paper.paragraph(_("Appeal %(number)s: the whole file") % {"number": f"№ {number}"}, size=16)
    paper.paragraph(_("It holds personal data: it must not be published."), above=2)
    _write(paper, whole, 0)
    return bytes(paper.output())


class _Paper(FPDF):
    """A4 with the page's number at its foot."""

    def footer(self) -> None:
        in_a_paragraph = not self.str_alias_nb_pages
        self.alias_nb_pages()
        self.set_y(-15)
        self.set_font("text", size=8)
        self.cell(0, 10, f"{self.page_no()} / {{nb}}", align="C")
        if in_a_paragraph:
            self.alias_nb_pages("")

    def paragraph(self, words: str, *, size: float = 10, above: float = 0, depth: int = 0) -> None:
        """One paragraph, ``above`` millimetres below the last."""
        self.set_font("text", size=size)
        self.ln(above)
        self.set_x(self.l_margin + depth * INDENT)
        known = self.fonts["text"].cmap  # type: ignore[union-attr]
        printed = (sign if sign == "\n" or ord(sign) in known else f"[U+{ord(sign):04X}]" for sign in words)
        # A resident's own words may hold the signs that stand for the number of pages.
        self.alias_nb_pages("")
        self.multi_cell(0, size * 0.5, "".join(printed), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        self.alias_nb_pages()


def _write(paper: _Paper, facts: dict[str, Any], depth: int) -> None:
    for key, value in facts.items():
        label = str(LABELS[key])
        match value:
            case dict() as inner if key != "details":
                _heading(paper, label, depth)
                _write(paper, inner, depth + 1)
            case [{}, *_rest]:
                _heading(paper, label, depth)
                for n, inner in enumerate(value, 1):
                    paper.paragraph(f"{n} / {len(value)}", size=8, above=2, depth=depth + 1)
                    _write(paper, inner, depth + 1)
            case _ if words := _words(value):
                paper.paragraph(f"{label}: {words}", depth=depth)
            case _ if depth == 0:
                _heading(paper, label, depth)
                paper.paragraph("—")


def _heading(paper: _Paper, label: str, depth: int) -> None:
    paper.paragraph(label, size=10 if depth else 13, above=2 if depth else 5, depth=depth)


def _words(value: Any) -> str:
    """The value as a reader writes it; empty for what there is not."""
    match value:
        case None:
            return ""
        case Coded():
            return value.words
        case bool():
            return _("yes") if value else _("no")
        case dt.datetime():
            return date_format(timezone.localtime(value), "DATETIME_FORMAT")
        case dt.date():
            return date_format(value)
        case dict() as details:
            return json.dumps(details, ensure_ascii=False) if details else ""
        case list() | tuple():
            # Sentences, or days and numbers.
            return ("\n" if any(isinstance(one, str) for one in value) else ", ").join(map(_words, value))
        case _:
            return str(value)
