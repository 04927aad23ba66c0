"""Words are found in every form, by those that mean the category, and by coordinates; and no others."""

from __future__ import annotations

import unicodedata

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from appeals.filters import AppealFilter
from appeals.models import Appeal, AppealContact
from appeals.search import digits, mailbox
from geo.word_forms import folded, holds, pattern
from tests.factories import AppealFactory, ServiceFactory
from tests.grid import IN_EAST, IN_WEST, GridCity, at
from tests.osh import osh_categories

#: Forms of one word: whichever is looked for finds every other.
FORMS = [
    "мусор мусора мусору мусором мусоре",
    "яма ямы яму ямой ямах ямами",
    "остановка остановки остановку остановок остановками",
    "свалка свалки свалку свалок",
    "дорога дороги дорогу дорогой дорогах",
    "освещение освещения освещением",
    "разбитый разбитая разбитого разбитую разбитые",
    "таштанды таштандыны таштандылар таштандылардын таштандыга таштандыдан",
    "чырак чырагы чырактын чырактар чырактарды чырагында",
    "көчө көчөнүн көчөдө көчөсү көчөсүндө көчөлөр кочосу кочодо",
    "мектеп мектептин мектеби мектепте мектептер",
    "үйлөр уйлор",
    "жарык жарыгы жарыктын жарыкты",
    "ёлка елка",
    "светофор светафор свитофор светофоры",
    "Масалиев масолиев Масалиевдин Масалиева",
    "подъезд подьезд подъезда",
    "чуңкур чункур чуңкурлар",
    "көмүр комур көмүрдүн",
    "Черёмушки Черемушки Черёмушках",
    "рынок рынке базар базары базарда bazaar market",
    "pothole potholes",
    "lamp lamps",
]
PAIRS = [(one, other) for forms in FORMS for one in forms.split() for other in forms.split()]

#: What looks alike and is another word.
STRANGERS = [
    ("яма", "ямальский"),
    ("вода", "вовремя"),
    ("парк", "парень"),
    ("мусор", "музей"),
    ("дорога", "дом"),
    ("вода", "вада"),
    ("дорога", "дарак"),
    ("lamp", "lake"),
    ("12", "125"),
]


@pytest.mark.django_db
def test_every_form_finds_every_other() -> None:
    _write({other for _one, other in PAIRS})
    assert [(one, other) for one, other in PAIRS if f"Здесь {other}, тут" not in _found(one)] == []


@pytest.mark.django_db
def test_other_words_are_not_found() -> None:
    _write({other for _one, other in STRANGERS})
    assert [(one, other) for one, other in STRANGERS if f"Здесь {other}, тут" in _found(one)] == []


#: Between words, what PostgreSQL knows as a part of addresses, paths, numbers and tags.
JOINTS = ["ул.{}.kg", "a@{}", "/{}/1", "http://{}/", "-{}", "+{}:{}", "<{}>", "<b>{}</b>", "&{};", "~/{}", "{}_{}", "1-{}-2", "№{}", "«{}»", "{},{}", "{}!", "({})", "'{}'", "{}\n{}"]  # fmt: skip


@pytest.mark.django_db
def test_the_index_finds_what_a_scan_of_all_texts_finds() -> None:
    words = {word for pair in [*PAIRS, *STRANGERS] for word in pair}
    _write({joint.format(word, word) for joint in JOINTS for word in words})
    for word in words:
        found = set(User.objects.filter(holds(word, "last_name")).values_list("pk", flat=True))
        assert found == _scanned(word) != set(), word


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["яма_лампа", "лампа_яма_"])
def test_a_joint_that_counts_as_a_letter_joins_no_words(text: str) -> None:
    _write({text})
    assert _found("яма") and _found("лампа") and _found("яма_лампа")


def _write(words: set[str]) -> None:
    """Texts with these words, in a table that is quick to write."""
    users = [User(email=f"{n}@example.org", last_name=f"Здесь {word}, тут") for n, word in enumerate(words)]
    User.objects.bulk_create(users)


def _found(words: str) -> set[str]:
    return set(User.objects.filter(holds(words, "last_name")).values_list("last_name", flat=True))


def _scanned(word: str) -> set[int]:
    """Keys of the texts that have a form of the word, by looking at each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, last_name FROM accounts_user")
        texts = cursor.fetchall()
        cursor.execute(
            "SELECT id FROM unnest(%s::bigint[], %s::text[]) AS texts (id, words) WHERE words ~ %s",
            [[key for key, _text in texts], [folded(text) for _key, text in texts], pattern(folded(word))],
        )
        return {key for (key,) in cursor.fetchall()}


def looked_for(words: str) -> set[str]:
    return {appeal.text for appeal in Appeal.objects.filtered(AppealFilter(q=words))}


def test_each_is_found_as_people_look_for_it(db: None) -> None:
    categories, service = osh_categories(), ServiceFactory()
    appeals = {
        "pothole": ("potholes", "Кечинде көрүнбөйт", "Алишер Навои көчөсү, 25"),
        "coal": ("care", "Кышка көмүр алууга жардам керек", "Черёмушки"),
        "waste": ("pickup", "Третий день не приезжают", "Абсамат Масалиев проспектиси, 7"),
        "lights": ("signs", "Светофор мигает жёлтым", "Курманжан Датка"),
        "market": ("bazaar", "Ошский базар, ряд 4", ""),
    }
    for code, text, address in appeals.values():
        AppealFactory(category=categories[code], service=service, text=text, address=address)
    expected = {
        "яма": "pothole",
        "чункур": "pothole",
        "pothole": "pothole",
        "zvf": "pothole",
        "навои яма": "pothole",
        "ул. Навои, 25": "pothole",
        "Навои 25": "pothole",
        "көмүр жардам": "coal",
        "жардам комур": "coal",
        "комур": "coal",
        "Черемушки": "coal",
        "мкр Черемушки": "coal",
        unicodedata.normalize("NFD", "көмүр жардам"): "coal",
        "rubbish": "waste",
        "таштанды": "waste",
        "масолиев": "waste",
        "светафор": "lights",
        "ошский рынок": "market",
    }
    assert {words: looked_for(words) for words in expected} == {
        words: {appeals[name][1]} for words, name in expected.items()
    }
    assert looked_for("лужа") == looked_for("Навои 26") == looked_for("навои мусор") == set()


def test_coordinates_find_what_is_around_them(city: GridCity) -> None:
    here = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST))
    AppealFactory(category=city.categories["lamp"], point=at(IN_WEST))
    lon, lat = IN_EAST
    for words in (f"{lat}, {lon}", f"{lat}; {lon}".replace(".", ","), f"N{lat} E{lon}"):
        assert looked_for(words) == {here.text}, words
    # Numbers that lie in no city are words.
    numbered = AppealFactory(category=city.categories["lamp"], address="12, 34")
    assert looked_for("12 34") == {numbered.text}


def test_all_the_words_must_be_there_in_address_or_text(city: GridCity) -> None:
    lamp = AppealFactory(
        category=city.categories["lamp"], text="Түнкүсүн чырактар күйбөйт", address="Ленин көчөсү, 12"
    )
    AppealFactory(category=city.categories["lamp"], text="Чырак", address="Масалиев көчөсү, 125")

    def found(words: str) -> list[int]:
        return [appeal.number for appeal in Appeal.objects.filtered(AppealFilter(q=words))]

    for words in ("чырак ленин", "ЛЕНИНА ЧЫРАГЫ", "кочосу, 12", "тункусун", "ул. Ленина, 12", "ktyby xshfr"):
        assert found(words) == [lamp.number], words
    assert found("ленин масалиев") == found("%") == found("м_салиев") == []


@pytest.mark.django_db
@given(st.text(min_size=1, max_size=60).filter(lambda text: "\x00" not in text))
def test_any_words_can_be_looked_for(words: str) -> None:
    list(Appeal.objects.filtered(AppealFilter(q=words))[:1])


def test_an_index_finds_a_mailbox(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = AppealContact.objects.filter(mailbox("Bakyt@mail.example", "email")).explain()
    assert "contact_email" in plan


def test_an_index_finds_them(city: GridCity) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    plan = Appeal.objects.filtered(AppealFilter(q="мусора")).order_by().explain()
    assert "appeal_words" in plan


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("0555 12-34-56", "555123456"),
        ("+996 (555) 123456", "996555123456"),
        ("1234", ""),
        ("дом 12345", ""),
        ("", ""),
    ],
)
def test_a_telephone_number_is_its_digits(words: str, expected: str) -> None:
    assert digits(words) == expected
