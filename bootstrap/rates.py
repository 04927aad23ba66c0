"""How much one sender may do in a time: every limit's name, figures and reasons, and how an operator sets others.

A limit is a bucket: so much at once, and so much again for each period. Many people share one address (an office, a
village behind a mobile operator's gateway), so that an address may do what a hundred of them would do on a bad day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PERIODS_S: Final = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
_WRITTEN: Final = re.compile(r"([1-9]\d{0,8})\+([1-9]\d{0,8})/(s|min|h|d)", re.ASCII)


@dataclass(frozen=True)
class Rate:
    """``at_once`` units, and ``refill`` more for each ``period_s`` seconds that pass."""

    at_once: int
    refill: int
    period_s: int

    @property
    def unit_s(self) -> float:
        """Seconds in which one unit refills."""
        return self.period_s / self.refill


_HOUR: Final = 3_600

DEFAULTS: Final[dict[str, Rate]] = {
    # Appeals that are new or refused, by address. On the worst day that a city of 300,000 is to expect (an earthquake:
    # 5,000 appeals, most of them through some ten gateways of three operators), an address sends about a hundred in its
    # busiest hour.
    "submit": Rate(30, 300, _HOUR),
    # Those of such an address whose sender has solved a challenge (``rates.proofs``): twice as many besides.
    "submit-proven": Rate(60, 600, _HOUR),
    # Appeals in the same words: from one connection, and from wherever. Nothing beyond is refused: it waits for the Mayor's
    # Office before everyone reads it.
    "same-text-place": Rate(3, 3, 24 * _HOUR),
    "same-text": Rate(8, 8, _HOUR),
    # Photos and videos, by address: two for each of those appeals.
    "upload": Rate(60, 600, _HOUR),
    # Megabytes of them, by address: six forms of two videos at once. What no appeal takes is kept for a day.
    "upload-megabytes": Rate(1_200, 1_000, _HOUR),
    # Seconds of the processor for opening photos, by address: an ordinary one takes about one. All of what is at once is a
    # hundred photos of that office; an address that sends what is dear gets a quarter of one processor.
    "upload-work": Rate(120, 900, _HOUR),
    # Seconds of one processor for preparing films, by address: a minute of a phone's takes about one. Half a day of one worker
    # is for all the others.
    "film-work": Rate(900, 1_800, _HOUR),
    # Seconds in which reports are made, by address: one of a city takes less than one, whichever way it is asked. An office
    # of planners compares a hundred at once; who asks without end gets half of one processor, and the map is for the others.
    "report-work": Rate(120, 1_800, _HOUR),
    # Seconds in which whole sets of open data are made, by address; one that is there already costs nothing. A million
    # appeals take some ten: everybody in an office of analysts fetches them once, and again whenever they changed.
    "data-work": Rate(300, 1_800, _HOUR),
    # Requests with one API key. A view of a tiled map is some thirty of them, a million appeals in pages a thousand; ten a
    # second is what a program may go on with.
    "api-key": Rate(1_200, 36_000, _HOUR),
    # Supports of appeals, by address: a house with one connection supports its three appeals, and a mobile operator's gateway
    # is a village. Whoever clears the browser's cookies looks like somebody new; this limits what that is worth.
    "support": Rate(60, 120, _HOUR),
    # Supports of one appeal that nothing but a browser stands for, by address: a class presses at once, an office in a day.
    # A proposal is carried by some three hundred; one connection gives a tenth of them a day. Whoever signs in is not held up.
    "support-place": Rate(20, 30, 24 * _HOUR),
    # Comments on appeals: of one resident, in an evening's discussion of several appeals, and by address (of IPv6 a /48),
    # behind which is a village; whoever makes accounts by the dozen is held up by it.
    "comment": Rate(10, 20, _HOUR),
    "comment-place": Rate(60, 120, _HOUR),
    # Reports of abuse, by address: whoever has found a page full of insults reports ten appeals; a hundred of a flood are enough.
    "abuse-report": Rate(10, 20, _HOUR),
    # Wrong passwords for one account from one address. Five are a forgotten password; 1,440 a day guess none.
    "log-in": Rate(5, 60, _HOUR),
    # Wrong passwords for whatever accounts from one address: an office of 25 people on a Monday.
    "log-in-address": Rate(30, 120, _HOUR),
    # First letters to an address that nobody has proven to be his own, whoever names it in an appeal.
    "first-letter": Rate(5, 5, 24 * _HOUR),
    # Letters with the links to lost pages of appeals: to one e-mail address, whoever asks for them (the letter serves its
    # reader all the same), and asked for by one sender, for whatever addresses.
    "link-letter": Rate(3, 3, 24 * _HOUR),
    "link-letter-sender": Rate(20, 60, _HOUR),
    # Letters with a code to sign in with: to one e-mail address asked for by one sender, to one from all of them, and asked
    # for by one sender, for whatever addresses. A code is of use to whoever asked for it alone: nobody uses up what the reader
    # of the address may ask for, but from several senders. Each code may be typed wrongly five times: of a million, the two
    # hundred guesses that all of them have in a day find one in a dozen years.
    "sign-in-letter": Rate(5, 9, 24 * _HOUR),
    "sign-in-letter-mailbox": Rate(30, 40, 24 * _HOUR),
    "sign-in-letter-sender": Rate(20, 60, _HOUR),
    # Wrong codes by address, for whatever e-mail addresses: a mobile operator's gateway is a village.
    "sign-in-code": Rate(30, 120, _HOUR),
    # Letters that ask whether an address wants an alert, or to follow an appeal: to one address asked for by one sender, to one from all of them, and
    # asked for by one sender, for whatever addresses. Somebody who tries districts one after the other is at five.
    "alert-letter": Rate(5, 5, 24 * _HOUR),
    "alert-letter-mailbox": Rate(15, 15, 24 * _HOUR),
    "alert-letter-sender": Rate(20, 60, _HOUR),
    # Letters with a link to a new password: to one person asked for from one address, to one person from all of them, and
    # from one address. The second is what a mailbox bears; a person whom others use it up for asks the Mayor's Office.
    "password-reset": Rate(5, 5, _HOUR),
    "password-reset-account": Rate(30, 30, _HOUR),
    "password-reset-address": Rate(20, 60, _HOUR),
    # Wrong old passwords of one person, who has left the screen unlocked.
    "password-change": Rate(5, 60, _HOUR),
    # Wrong codes of one person, by whoever knows the password: 240 a day guess one of a million in years.
    "second-factor": Rate(5, 10, _HOUR),
}


def rates_from(text: str) -> dict[str, Rate | None]:
    """The limits set by ``submit=60+600/h; upload=off``: None for one that is off; those not named keep their default.

    Raises ``ValueError`` with what would be right.
    """
    rates: dict[str, Rate | None] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, written = (side.strip() for side in part.partition("="))
        if not equals:
            raise ValueError(
                f"name=figures, with ; between several: submit=30+300/h; upload=off, not {part!r}"
            )
        if name not in DEFAULTS:
            raise ValueError(
                f"of limits that there are: {', '.join(DEFAULTS)}; there is none called {name!r}"
            )
        if name in rates:
            raise ValueError(f"limits that are set once, {name} too: {name}=30+300/h")
        rates[name] = None if written == "off" else _rate(name, written)
    return rates


def _rate(name: str, written: str) -> Rate:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(
            f"such as {name}=30+300/h (30 at once and 300 more an hour; s, min, h or d), or {name}=off"
        )
    return Rate(int(found[1]), int(found[2]), _PERIODS_S[found[3]])
