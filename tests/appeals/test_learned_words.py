"""Words of the answered appeals of a category: which are counted, of which appeals."""

from __future__ import annotations

from appeals.learned_words import STEMS_MAX, learn_words, learned_from, learned_words
from appeals.models import Appeal
from appeals.vocabulary import Status
from tests.factories import AppealFactory
from tests.grid import GridCity


def test_the_telling_stems_of_what_was_answered_in_public(city: GridCity) -> None:
    def write(category: str, *texts: str, **fields: object) -> None:
        for text in texts:
            AppealFactory(
                category=city.categories[category], text=text, **{"status": Status.ANSWERED, **fields}
            )

    write("lamp", "Чырактар күйбөйт, кечинде", "Чырагы, чырагы өчтү", "Бир чырак кечинде", "чырак")
    write("pothole", *["Чуңкурлар кечинде 12345"] * 3, "Чуңкурга")
    write("pothole", *["Фонарь"] * 3, status=Status.NEW)
    write("pothole", *["Жашыруун"] * 3, hidden=True)
    write("pothole", *["Кайталоо"] * 3, outcome="duplicate", status=Status.CLOSED)
    learn_words()
    # A stem that is no more frequent than elsewhere tells nothing, and one of two appeals is chance.
    assert learned_words() == {"lamp": {"чырак": 3}, "pothole": {"чунку": 4, "кечин": 3}}
    # What is hidden is forgotten, and nothing else is known twice.
    Appeal.objects.filter(category=city.categories["lamp"]).update(hidden=True)
    learn_words()
    assert "lamp" not in learned_words()


def test_no_more_stems_than_a_form_can_hold() -> None:
    words = [chr(first) + chr(second) + "ааа" for first in range(1072, 1080) for second in range(1072, 1080)]
    learned = learned_from([("a", " ".join(words)), ("b", "сөз")] * 3)
    assert len(learned["a"]) == STEMS_MAX
