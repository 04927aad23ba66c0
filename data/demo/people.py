"""Names of people who do not exist."""

from __future__ import annotations

import random

_MEN = (
    "Азамат", "Бакыт", "Нурлан", "Эрмек", "Улан", "Талант", "Мирлан", "Адилет", "Алмаз", "Жыргал", "Санжар", "Кубан",
    "Руслан", "Тимур", "Данияр", "Жоомарт", "Айбек", "Марат", "Шерзод", "Равшан", "Бахтиёр", "Улугбек", "Ойбек",
    "Икром", "Давронбек", "Сергей", "Андрей", "Виктор", "Эльдар", "Ренат",
)  # fmt: skip
_WOMEN = (
    "Айгуль", "Гульнара", "Назгүл", "Жылдыз", "Бурул", "Асель", "Айпери", "Мээрим", "Чолпон", "Нургуль", "Бегимай",
    "Элнура", "Гүлзат", "Рахат", "Кундуз", "Дилноза", "Зульфия", "Махлиё", "Нилуфар", "Мадина", "Шахноза", "Гулчехра",
    "Барно", "Елена", "Ольга", "Наталья", "Венера", "Лилия", "Сапаргүл", "Турсунай",
)  # fmt: skip
_STEMS = (
    "Абдыкадыр", "Токтосун", "Мамыт", "Исак", "Жумабай", "Осмон", "Асан", "Сатыбалды", "Турдубай", "Эргеш", "Акмат",
    "Калык", "Орозбек", "Сыдык", "Бекмурат", "Юлдаш", "Камил", "Рахман", "Хасан", "Юсуп", "Мирза", "Абдулла", "Каримжан",
    "Ташмат", "Алибек",
)  # fmt: skip
_RUSSIAN_STEMS = ("Иван", "Ковалёв", "Петр", "Соколов", "Морозов", "Новиков")
_RUSSIAN_NAMES = frozenset({"Сергей", "Андрей", "Виктор", "Елена", "Ольга", "Наталья"})

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнңоөпрстуүфхцчшщъыьэюя",
        "a b v g d e yo j z i i k l m n n o o p r s t u u f h ts ch sh sch _ y _ e yu ya".split(),
        strict=True,
    )
) | {"ъ": "", "ь": ""}


def someone(chance: random.Random) -> tuple[str, str, str | None]:
    """A full name, an address at example.org and, for most, a telephone number that no operator gives out."""
    woman = chance.random() < 0.52
    first = chance.choice(_WOMEN if woman else _MEN)
    stems = _RUSSIAN_STEMS if first in _RUSSIAN_NAMES else _STEMS
    stem = chance.choice(stems)
    ending = "" if stem.endswith(("ёв", "ов")) else ("ев" if stem.endswith(("й", "ш")) else "ов")
    last = (stem[:-1] if stem.endswith(("й", "а")) else stem) + ending + ("а" if woman else "")
    email = f"{_latin(first)}.{_latin(last)}{chance.randint(1, 99)}@example.org"
    phone = f"+996 {chance.choice((550, 555, 700, 707, 770, 777))} 000 {chance.randint(0, 999):03d}"
    return f"{first} {last}", email, phone if chance.random() < 0.8 else None


def _latin(name: str) -> str:
    return "".join(_LATIN.get(letter, "") for letter in name.lower())
