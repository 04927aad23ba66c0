"""What stands after the ``?`` of an address and means nothing there: the API refuses it, a page says that it is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from geo.refusals import Errors

#: So many names, of so many characters each, are repeated to the reader of a page.
_SHOWN, _SHOWN_LENGTH = 5, 40
#: What others append to every link that is shared, and nobody expects to mean anything.
_OF_TRACKERS: Final = ("utm_", "fbclid", "gclid", "yclid")


def unknown(query: QueryDict, known: Collection[str]) -> Errors:
    """An error for each parameter that is none of the known ones."""
    sentence = (
        _("There is no such parameter here. There are: %(names)s.") % {"names": ", ".join(known)}
        if known
        else _("There is no such parameter here, nor any other.")
    )
    return {name: [sentence] for name, _values in query.lists() if name not in known}


def left_out(query: QueryDict, known: Collection[str]) -> list[str]:
    """Sentences for the reader of a page about what its address holds in vain; what trackers append is not said."""
    foreign = [
        name for name, _values in query.lists() if name not in known and not name.startswith(_OF_TRACKERS)
    ]
    repeated = [name for name, values in query.lists() if name in known and len(set(values)) > 1]
    sentences = []
    if foreign:
        words = _("Left out of the address, since this page does not know it: %(names)s.")
        sentences.append(words % {"names": _named(foreign)})
    if repeated:
        words = _("Given more than once in the address, where the last one holds: %(names)s.")
        sentences.append(words % {"names": _named(repeated)})
    return sentences


def _named(names: Iterable[str]) -> str:
    shown = [name if len(name) <= _SHOWN_LENGTH else f"{name[:_SHOWN_LENGTH]}…" for name in names]
    return ", ".join([*shown[:_SHOWN], *(["…"] if len(shown) > _SHOWN else [])])
