"""What is done to borders, by whichever door: ``check`` says what is wrong with them, ``publish`` brings them into
force, ``withdraw`` takes them back.
"""

from districts.actions.check import Finding, check
from districts.actions.publish import BordersRefused, Published, Withdrawn, publish, withdraw

__all__ = ["BordersRefused", "Finding", "Published", "Withdrawn", "check", "publish", "withdraw"]
