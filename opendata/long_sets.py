"""Files of so many appeals that a worker makes them, once for all who ask the same (``jobs.long_works``)."""

from __future__ import annotations

import hashlib
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.urls import reverse

from geo.refusals import Refused
from jobs import long_works
from jobs.long_works import LongKind
from jobs.models import LongWork
from opendata.appeal_rows import asked_appeals
from opendata.files import kinds_of
from opendata.layers import APPEALS
from opendata.whole_sets import NotMade, WholeSet
from rates.taking import DATA_WORK, take

#: By which they are known among what takes long.
KIND: Final = "data"


def ask(whole: WholeSet, ending: str, query: QueryDict, language: str, sender: str) -> LongWork:
    """The making of the file that everybody may read, whose ``query`` and format these are.

    The seconds that it is expected to take are charged to whoever asks first. Raises ``TooMany`` where none are left.
    """

    def charge() -> float:
        take(DATA_WORK, sender, cost=max(1, round(whole.expected_s)))
        return whole.expected_s

    asked = query.copy()
    asked["lang"] = language
    wanted = LongWork(
        kind=KIND,
        question=hashlib.sha256(whole.folder.encode()).hexdigest(),
        subject=ending,
        query=asked.urlencode(),
        language=language,
    )
    # Whoever asks has looked for it.
    return long_works.ask(wanted, is_of_use=lambda: False, charge=charge)


class LongSets(LongKind):
    """Whole sets of appeals; the ``subject`` is the ending of the format."""

    queue = "data"
    is_file = True

    def make(self, work: LongWork) -> str:
        try:
            _asked_for(work).public_text().file.close()
        except Refused as refusal:
            return str(refusal)
        return ""

    def is_kept(self, work: LongWork) -> bool:
        try:
            _asked_for(work).long_text().file.close()
        except (NotMade, Refused):  # a code or a form of a filter that is no more
            return False
        return True

    def title(self, work: LongWork, part: str) -> str:
        return f"{APPEALS.name}.{work.subject}"

    def result(self, work: LongWork, part: str) -> str:
        return f"{reverse('data-appeals-as', args=[work.subject])}?{work.query}"


def _asked_for(work: LongWork) -> WholeSet:
    rows = asked_appeals(QueryDict(work.query), AnonymousUser())
    return kinds_of(APPEALS)[work.subject].whole_set(APPEALS, rows, work.language)
