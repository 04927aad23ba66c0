"""Proof of work in the place of a captcha: whoever has sent much spends a second of a processor's time for the next one.

Nobody is shown a picture, no third party hears of it, and an ordinary sender is asked for nothing. Challenges and solutions are
those of ALTCHA's first version (``algorithm``, ``challenge``, ``maxnumber``, ``salt``, ``signature``; the solution as
Base64 of the same with ``number``), so that its libraries solve them. Nothing of a challenge is kept before it is solved.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import time
from typing import Any, Final

import orjson
from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy

from rates.models import Bucket
from rates.senders import is_known_person, place_of
from rates.taking import Limit, TooMany, give_back, key_of, take

#: Up to this share of a limit nothing is asked of a sender.
FREE_SHARE: Final = 0.5
#: So long a challenge may be solved and its solution be sent.
GOOD_S: Final = 1_200
#: Of the solutions that were used, each once.
_SOLVED: Final = Limit(
    "proof",
    gettext_lazy(
        "Much has come from your internet connection in a short time: solve the challenge, and send it again."
    ),
)
#: Base64 of a solution is some 400 characters.
_SOLUTION_CHARS_MAX: Final = 2_000


def take_or_ask(limit: Limit, wider: Limit, sender: str, proof: str | None) -> bool:
    """Counts the sender's try; true where more than ``FREE_SHARE`` of the limit is used and nothing was proven.

    With a ``proof``, the solution of a challenge, the try counts against the ``wider`` limit. Raises ``TooMany`` where a
    limit is used up, with a challenge where its solution would help; and so, counting nothing, from ``FREE_SHARE`` on where
    the sender would rather solve one: where the proof is given and is none, such as an empty one. Two statements with a proof, else one.
    """
    if proof and not is_known_person(sender) and _is_solved(limit, sender, proof):
        take(wider, sender)
        return False
    try:
        share = take(limit, sender)
    except TooMany as refusal:
        if not is_known_person(sender):
            refusal.challenge = challenge_for(limit, sender)
        raise
    if share <= FREE_SHARE or is_known_person(sender):
        return False
    if proof is not None:
        give_back(limit, sender)
        asked = TooMany(_SOLVED, 1)
        asked.challenge = challenge_for(limit, sender)
        raise asked
    return True


def challenge_for(limit: Limit, sender: str) -> dict[str, Any]:
    """A challenge that is good for this limit and for whoever is where the sender is."""
    salt = f"{secrets.token_hex(12)}?expires={int(time.time()) + GOOD_S}&"
    challenge = _digest(salt, secrets.randbelow(settings.PROOF_NUMBERS + 1))
    return {
        "algorithm": "SHA-256",
        "challenge": challenge,
        "maxnumber": settings.PROOF_NUMBERS,
        "salt": salt,
        "signature": _signature(limit, sender, challenge, salt),
    }


def _is_solved(limit: Limit, sender: str, proof: str) -> bool:
    """True for the solution of a challenge that was made for it, which has not been used before: it is from now on."""
    try:
        said = orjson.loads(base64.b64decode(proof[:_SOLUTION_CHARS_MAX], validate=True))
        challenge, salt, number = said["challenge"], said["salt"], said["number"]
        expires_at = int(salt.partition("?expires=")[2].rstrip("&"))
        signature = _signature(limit, sender, challenge, salt)
        is_ours = constant_time_compare(str(said["signature"]), signature)
        good = is_ours and time.time() <= expires_at and _digest(salt, int(number)) == challenge
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError):
        return False
    key = key_of(_SOLVED, signature)
    return good and Bucket.objects.take(key, _SOLVED.code, cost_s=GOOD_S, capacity_s=GOOD_S) is not None


def _digest(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _signature(limit: Limit, sender: str, challenge: str, salt: str) -> str:
    # Of the salt too: digits that are moved between it and the number leave the digest as it is.
    signed = salted_hmac(
        f"rates.proofs {limit.code}", f"{place_of(sender)} {salt} {challenge}", algorithm="sha256"
    )
    return signed.hexdigest()
