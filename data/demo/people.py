"""Names of people who do not exist."""

from __future__ import annotations

import random

_MEN = (
    "Азамат", "Бакыт", "Нурлан", "Эрмек", "Улан", "Талант", "Мирлан", "Адилет", "Алмаз", "Жыргал", "Санжар", "Кубан",
    "Руслан", "Тимур", "Данияр", "Жоомарт", "Айбек", "Марат", "Шерзод", "Равшан", "Бахтиёр", "Улугбек", "Ойбек",
    "Икром", "Давронбек", "Эльдар", "Ренат",
)  # fmt: skip
_WOMEN = (
    "Айгуль", "Гульнара", "Назгүл", "Жылдыз", "Бурул", "Асель", "Айпери", "Мээрим", "Чолпон", "Нургуль", "Бегимай",
    "Элнура", "Гүлзат", "Рахат", "Кундуз", "Дилноза", "Зульфия", "Махлиё", "Нилуфар", "Мадина", "Шахноза", "Гулчехра",
    "Барно", "Венера", "Лилия", "Сапаргүл", "Турсунай",
)  # fmt: skip
_SURNAMES = (
    "Абдыкадыров", "Токтосунов", "Мамытов", "Исаков", "Жумабаев", "Осмонов", "Асанов", "Сатыбалдиев", "Турдубаев",
    "Эргешов", "Акматов", "Калыков", "Орозбеков", "Сыдыков", "Бекмуратов", "Юлдашев", "Камилов", "Рахманов", "Хасанов",
    "Юсупов", "Мирзаев", "Абдуллаев", "Каримжанов", "Ташматов", "Алибеков",
)  # fmt: skip
_RUSSIAN_MEN = ("Сергей", "Андрей", "Виктор", "Павел")
_RUSSIAN_WOMEN = ("Елена", "Ольга", "Наталья", "Ирина")
_RUSSIAN_SURNAMES = ("Иванов", "Ковалёв", "Петров", "Соколов", "Морозов", "Новиков")
_RUSSIAN_SHARE = 0.06

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ү": "u", "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ы": "y", "э": "e",
    "ю": "yu", "я": "ya",
}  # fmt: skip


def someone(chance: random.Random) -> tuple[str, str, str | None]:
    """A full name, an e-mail at example.org and usually a phone number, with zeros that no real one has."""
    woman = chance.random() < 0.52
    if chance.random() < _RUSSIAN_SHARE:
        first = chance.choice(_RUSSIAN_WOMEN if woman else _RUSSIAN_MEN)
        last = chance.choice(_RUSSIAN_SURNAMES)
    else:
        first = chance.choice(_WOMEN if woman else _MEN)
        last = chance.choice(_SURNAMES)
    last += "а" if woman else ""
    email = f"{_latin(first)}.{_latin(last)}{chance.randint(1, 99)}@example.org"
    phone = f"+996 {chance.choice((550, 555, 700, 707, 770, 777))} 000 {chance.randint(0, 999):03d}"
    return f"{first} {last}", email, phone if chance.random() < 0.8 else None


def _latin(name: str) -> str:
    return "".join(_LATIN.get(letter, "") for letter in name.lower())
