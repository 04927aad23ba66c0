"""What is done to borders, by whichever door: ``check`` says what is wrong with them, ``publish`` brings them into
force, ``withdraw`` takes them back.
"""

from districts.actions.check import TOLERANCE_M2, Finding, check, misfit_m2
from districts.actions.publish import Acceptance, BordersRefused, Published, Withdrawn, publish, withdraw

__all__ = [
    "TOLERANCE_M2",
    "Acceptance",
    "BordersRefused",
    "Finding",
    "Published",
    "Withdrawn",
    "check",
    "misfit_m2",
    "publish",
    "withdraw",
]
