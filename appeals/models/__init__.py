"""The appeal and everything that is kept about it."""

from appeals.models.abuse_report import AbuseReport
from appeals.models.alert import Alert
from appeals.models.appeal import Appeal, AppealContact, RoutingDecision
from appeals.models.attachment import Attachment
from appeals.models.comment import Comment, CommentRule
from appeals.models.draft import Draft
from appeals.models.event import Event
from appeals.models.follower import Follower
from appeals.models.ground import RefusalGround
from appeals.models.hot_cell import HotCell
from appeals.models.learned_words import LearnedWords
from appeals.models.message import Message
from appeals.models.metric_cell import MetricCell
from appeals.models.pyramid import PyramidCell, PyramidChange, PyramidState
from appeals.models.redaction import Redaction
from appeals.models.resident import Resident, ResidentDevice, SignInCode
from appeals.models.resumable import ResumableUpload
from appeals.models.support import Support, SupportReply, SupportThreshold
from appeals.models.term import CalendarDay, LegalTerm, changing_the_clock, clock_changed, trying_the_clock

__all__ = [
    "AbuseReport",
    "Alert",
    "Appeal",
    "AppealContact",
    "Attachment",
    "CalendarDay",
    "Comment",
    "CommentRule",
    "Draft",
    "Event",
    "Follower",
    "HotCell",
    "LearnedWords",
    "LegalTerm",
    "Message",
    "MetricCell",
    "PyramidCell",
    "PyramidChange",
    "PyramidState",
    "Redaction",
    "RefusalGround",
    "Resident",
    "ResidentDevice",
    "ResumableUpload",
    "RoutingDecision",
    "SignInCode",
    "Support",
    "SupportReply",
    "SupportThreshold",
    "changing_the_clock",
    "clock_changed",
    "trying_the_clock",
]
