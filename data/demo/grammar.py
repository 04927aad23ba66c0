"""Case forms of street and place names that the texts need."""

from __future__ import annotations

import re

_KY_ENDINGS = (
    # stem's ending, then: locative, genitive, dative, ablative
    ("көчөсү", ("көчөсүндө", "көчөсүнүн", "көчөсүнө", "көчөсүнөн")),
    ("проспектиси", ("проспектисинде", "проспектисинин", "проспектисине", "проспектисинен")),
    ("жолу", ("жолунда", "жолунун", "жолуна", "жолунан")),
    ("көчө", ("көчөдө", "көчөнүн", "көчөгө", "көчөдөн")),
    ("кичи району", ("кичи районунда", "кичи районунун", "кичи районуна", "кичи районунан")),
    ("айылы", ("айылында", "айылынын", "айылына", "айылынан")),
    ("шаарчасы", ("шаарчасында", "шаарчасынын", "шаарчасына", "шаарчасынан")),
    ("квартал", ("кварталда", "кварталдын", "кварталга", "кварталдан")),
)

#: Russian: nominative, prepositional with its preposition, genitive, dative, accusative of the kind of place.
_RU_KINDS = (
    ("улица", "на улице", "улицы", "улице", "улицу"),
    ("проспект", "на проспекте", "проспекта", "проспекту", "проспект"),
    ("микрорайон", "в микрорайоне", "микрорайона", "микрорайону", "микрорайон"),
    ("село", "в селе", "села", "селу", "село"),
    ("массив", "в массиве", "массива", "массиву", "массив"),
    ("посёлок", "в посёлке", "посёлка", "посёлку", "посёлок"),
)


def kyrgyz(name: str) -> dict[str, str]:
    """The forms ``st``, ``on`` (where), ``of`` (genitive), ``to``, ``from`` of a name like «Навои көчөсү»."""
    for ending, (on, of, to, away) in _KY_ENDINGS:
        if name.endswith(ending):
            stem = name[: -len(ending)]
            return {"st": name, "on": stem + on, "of": stem + of, "to": stem + to, "from": stem + away}
    raise ValueError(f"no case forms are known for {name!r}")


def kyrgyz_area(name: str, kind: str) -> str:
    """A settlement's name with the word for its kind: «Туран кичи району», «Орке айылы»."""
    if name.endswith(("кичи району", "шаарчасы", "квартал")):
        return name
    return f"{name} айылы" if kind == "village" else f"{name} кичи району"


def russian(name: str) -> dict[str, str]:
    """The forms ``on`` (with its preposition), ``of``, ``st_dat``, ``acc`` of a name such as «улица Навои»."""
    for word, on, of, dative, accusative in _RU_KINDS:
        if name.startswith(word + " "):
            rest = name[len(word) + 1 :]
            adjective = word == "улица" and rest.endswith("ая") and " " not in rest  # улица Памирская
            own = rest[:-2] + "ой" if adjective else rest
            object_ = rest[:-2] + "ую" if adjective else rest
            return _russian_forms(f"{on} {own}", f"{of} {own}", f"{dative} {own}", f"{accusative} {object_}")
    if match := re.fullmatch(r"(\S+)ая (трасс|улиц)а", name):  # Араванская трасса
        stem, noun = match.groups()
        own = f"{stem}ой"
        return _russian_forms(f"на {own} {noun}е", f"{own} {noun}ы", f"{own} {noun}е", f"{stem}ую {noun}у")
    if match := re.fullmatch(r"(\d+)-й квартал", name):
        number = match.group(1)
        return _russian_forms(
            f"в {number}-м квартале", f"{number}-го квартала", f"{number}-му кварталу", f"{number}-й квартал"
        )
    raise ValueError(f"no case forms are known for {name!r}")


def _russian_forms(on: str, of: str, dative: str, accusative: str) -> dict[str, str]:
    return {"on": on, "of": of, "st_dat": dative, "acc": accusative}


def russian_area(name: str, kind: str) -> str:
    """A settlement's name with the word for its kind: «микрорайон Туран», «село Орке»."""
    if name.startswith(("микрорайон ", "массив ", "посёлок ")) or name.endswith("квартал"):
        return name
    return f"село {name}" if kind == "village" else f"микрорайон {name}"
