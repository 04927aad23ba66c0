"""Why an action was refused. Every message is a sentence in the reader's language; nothing was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from geo.refusals import Refused

if TYPE_CHECKING:
    from appeals.models import Appeal, Event


class ActionRefused(Exception):
    """Base of all refusals; ``str()`` says what the reader can do."""


class Invalid(Refused, ActionRefused):
    """Input that cannot be taken; ``errors`` maps each field to its sentences."""


class Conflict(ActionRefused):
    """The same UUID was sent before with different content."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message or _("An appeal with this identifier but different content has already been received.")
        )


class Busy(ActionRefused):
    """Nothing is wrong with what was sent: the same may be taken after ``retry_after_s``."""

    def __init__(self, message: str = "", *, retry_after_s: int = 30) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            message or _("This cannot be taken just now, and the fault is ours. Please try again soon.")
        )


def too_many_files() -> str:
    """What is said of more photos or videos than an appeal or an answer may carry."""
    return _("At most %(photos)d photos and %(videos)d videos.") % {
        "photos": PHOTOS_MAX,
        "videos": VIDEOS_MAX,
    }


class NotAllowed(ActionRefused):
    """The workflow table has no such step for this person and state."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message or _("This cannot be done to the appeal in its present state, or not by you.")
        )


class Stale(ActionRefused):
    """Somebody changed the appeal meanwhile; ``since`` are the events that the reader has not seen."""

    def __init__(self, appeal: Appeal, since: Sequence[Event]) -> None:
        super().__init__(
            _("Somebody changed this appeal while you were writing. Your text is kept: look and send again.")
        )
        self.appeal = appeal
        self.since = list(since)
