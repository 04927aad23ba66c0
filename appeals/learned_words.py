"""What the appeals of each category are written with, learned from those that were answered.

The form suggests categories by their names and other words, and by these: a multinomial naive Bayes classifier
(A. McCallum, K. Nigam, "A comparison of event models for naive Bayes text classification", 1998), whose counts are made here
and whose likelihoods ``category.js`` takes, on the device and without a network.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from django.db import transaction

from appeals.models import Appeal, LearnedWords
from districts.models import Category
from geo.word_forms import folded

#: Letters that a word is cut down to: its endings are many, in Kyrgyz most of all. ``category.js`` cuts alike.
STEM: Final = 5
#: Stems of a category, the most telling first: the form has them all in itself.
STEMS_MAX: Final = 40
#: A stem of fewer appeals of a category is chance, or a name.
APPEALS_MIN: Final = 3
#: The latest appeals say how people write now.
APPEALS_READ: Final = 20_000
_WORD: Final = re.compile(r"[^\W\d_]{3,}")

#: How many appeals have each stem, by the category's code.
Counts = Mapping[str, Mapping[str, int]]


def learned_from(written: Iterable[tuple[str, str]], *, at_least: int = APPEALS_MIN) -> Counts:
    """The stems that tell a category from others, of texts with the code of theirs; each text counts a stem once."""
    having: defaultdict[str, Counter[str]] = defaultdict(Counter)
    everywhere: Counter[str] = Counter()
    for code, text in written:
        stems = {word[:STEM] for word in _WORD.findall(folded(text))}
        having[code].update(stems)
        everywhere.update(stems)
    return {
        code: dict(islice(_telling(counts, everywhere, at_least), STEMS_MAX))
        for code, counts in having.items()
    }


def _telling(counts: Counter[str], everywhere: Counter[str], at_least: int) -> Iterable[tuple[str, int]]:
    """Those that are more frequent here than everywhere, by what they add to the mutual information of stem and category."""
    total, of_all = counts.total(), everywhere.total()

    def information(stem: str) -> float:
        return counts[stem] * math.log(counts[stem] * of_all / (total * everywhere[stem]))

    ranked = sorted(((-information(stem), stem) for stem, n in counts.items() if n >= at_least))
    return ((stem, counts[stem]) for negated, stem in ranked if negated < 0)


def learn_words() -> int:
    """Counts again, from public appeals whose category an answer has confirmed; how many stems there are.

    What is hidden is not learned from, and what of a text was taken out neither: both are forgotten the next time.
    """
    answered = Appeal.objects.public().filter(answered_at__isnull=False, outcome="").order_by("-number")
    read = answered.values_list("category__code", "text")[:APPEALS_READ]
    learned = learned_from(read.iterator())
    keys = dict(Category.objects.filter(code__in=learned).values_list("code", "pk"))
    rows = [LearnedWords(category_id=keys[code], counts=counts) for code, counts in learned.items() if counts]
    with transaction.atomic():
        LearnedWords.objects.all().delete()
        LearnedWords.objects.bulk_create(rows)
    return sum(len(row.counts) for row in rows)


def learned_words() -> Counts:
    """What was learned last, by the category's code; one query."""
    return dict(LearnedWords.objects.order_by().values_list("category__code", "counts"))
