"""What a row of the workflow's table is written with: states, effects on the clock, letters, guards, inputs, words, the row.

Names alone: which verbs there are stands in ``appeals.workflow``, what each of these does in the module that reads it.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Role

#: Translated when it is shown; %(name)s stands for what ``Words`` says.
Text = str | Promise


class Status(models.TextChoices):
    NEW = "new", _("New")
    ACCEPTED = "accepted", _("In progress")
    PLANNED = "planned", _("Planned")
    WAITING = "waiting", _("Waiting for the author")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


class Outcome(models.TextChoices):
    """How an appeal was closed, if not with an answer."""

    REFUSED = "refused", _("Refused by law")
    DUPLICATE = "duplicate", _("Repeats another appeal")
    JOINED = "joined", _("Considered with another appeal")
    WITHDRAWN = "withdrawn", _("Withdrawn by the author")


class Kind(models.TextChoices):
    """What an appeal is: a civic report, whose author need not be known, or what the law calls an appeal.

    A report is answered within the service level that the city has set itself; the others within the term of the law, which
    considers an electronic appeal only if its author is named in full, with address and contact (``appeals.identity``).
    """

    REPORT = "report", _("Civic report")
    COMPLAINT = "complaint", _("Complaint")
    REQUEST = "request", _("Request")
    RECOMMENDATION = "recommendation", pgettext_lazy("kind of appeal", "Proposal")

    @property
    def is_legal(self) -> bool:
        """True when the law's procedure holds: identity, registration, the statutory term."""
        return self is not Kind.REPORT


#: The kinds that the law knows.
LEGAL_KINDS = tuple(kind for kind in Kind if kind.is_legal)


#: States in which an answer is awaited.
OPEN_STATUSES = (Status.NEW, Status.ACCEPTED, Status.PLANNED, Status.WAITING)

#: Those of them in which the legal clock runs: while the author is asked, it stands still.
RUNNING_STATUSES = tuple(status for status in OPEN_STATUSES if status is not Status.WAITING)


class Channel(models.TextChoices):
    """How an appeal came in, if no other system sent it; kept as its source."""

    WEB = "web", _("Through the site")
    PHONE = "phone", _("By phone")
    VISIT = "visit", _("In person")

    @property
    def has_staff_write(self) -> bool:
        """True when somebody of the staff takes down what the author says."""
        return self is not Channel.WEB


class Held(models.TextChoices):
    """What became of an appeal that the platform let nobody read before the Mayor's Office; empty once it is shown."""

    WAITS = "waits", _("Waits for the Mayor's Office")
    REJECTED = "rejected", _("Never shown to the public")


class Clock(enum.Enum):
    """What a verb does to the legal clock."""

    START = "start"  #: the due date is counted from this moment
    KEEP = "keep"
    STOP = "stop"  #: answered: nothing is due any more
    PAUSE = "pause"  #: it stands still until the state is left, or until the days for a reply are over
    EXTEND = "extend"  #: the extension that the law allows is added, once in a term
    RECOUNT = "recount"  #: the due date is counted again, by the terms and the calendar of now
    END = "end"  #: nothing is due any more, though nobody answered
    ELSEWHERE = (
        "elsewhere"  #: answered in another system, in words not known here: no term was kept or broken
    )
    GO_ON = "go on"  #: it had ended without an answer, and runs again as if it never had


class Audience(enum.StrEnum):
    """Who gets a letter about an event."""

    AUTHOR = "author"
    SERVICE = "service"  #: the one that the appeal is with after the event
    OFFICE = "office"  #: the Mayor's Office
    FOLLOWER = "follower"  #: the authors of what repeats the appeal


class Guard(enum.Enum):
    """What must be true of the appeal besides its state; ``guards.barred`` knows which are not.

    It decides whether a verb may be done, and never what it does: that stands in the verb's own row.
    """

    EXTENDABLE = "extendable"  #: the law allows an extension, and this term has had none
    TERM_PASSED = "term passed"  #: the due date is over, and this was not noted before in this term
    HALF_PASSED = "half passed"  #: half of the term is over, and the service was not warned in this term
    MOST_PASSED = "most passed"  #: four fifths of the term are over, and the service was not warned of that
    LAST_DAY = "last day"  #: the answer is due today, and the service was not warned of that
    ASKABLE = "askable"  #: the author is known, and there are days for a reply
    REMINDER_DUE = (
        "reminder due"  #: half of the days for a reply are over, and the author was not reminded yet
    )
    REPLY_MISSING = "reply missing"  #: the days for a reply are over
    FILE_SHOWN = "file shown"  #: it has a photo or video that the public sees
    FILE_HIDDEN = "file hidden"  #: one of its photos and videos is hidden by itself
    PHOTO_THERE = "photo there"  #: it has a photo, hidden or not
    PHOTO_COVERED = "photo covered"  #: areas of one of its photos are covered
    COMMENT_SHOWN = "comment shown"  #: a resident has commented on it, and the public sees that
    COMMENT_HIDDEN = "comment hidden"  #: one of the comments is hidden
    REDACTED = "redacted"  #: words of it are taken out
    REPORTED = (
        "reported"  #: somebody has reported what the public reads of it, and no moderator has decided yet
    )
    SPLIT_OFF = "split off"  #: it was split off another appeal, and nobody has begun with it
    HAS_PART = "has part"  #: a matter was split off it, and nobody has begun with that
    REPEATS = "repeats"  #: it is closed as a repetition of another appeal
    LINKED = "linked"  #: another appeal belongs together with it
    CIVIC = "civic"  #: it is a report, and no appeal under the law
    LEGAL = "legal"  #: it is an appeal under the law
    GATHERED = (
        "gathered"  #: a proposal that has as much support as its territory asks for, for the first time
    )
    RATEABLE = (
        "rateable"  #: it has an answer, and was not closed so long ago that its author has no say any more
    )

    CORRECTABLE = "correctable"  #: its author sent it a short time ago, and nobody has acted on it since
    EXTENSIBLE = "extensible"  #: its author has not added to it as often as one may

    @property
    def of_the_clock(self) -> bool:
        """True when terms and calendar decide it."""
        of_relations = {Guard.SPLIT_OFF, Guard.HAS_PART, Guard.REPEATS, Guard.LINKED}
        of_itself = of_relations | {Guard.REDACTED, Guard.CIVIC, Guard.LEGAL, Guard.RATEABLE, Guard.GATHERED}
        of_itself |= {Guard.CORRECTABLE, Guard.EXTENSIBLE, Guard.REPORTED}
        return self not in of_itself and not self.of_files and not self.of_comments

    @property
    def of_files(self) -> bool:
        """True when the appeal's photos and videos decide it."""
        return self in {Guard.FILE_SHOWN, Guard.FILE_HIDDEN, Guard.PHOTO_THERE, Guard.PHOTO_COVERED}

    @property
    def of_comments(self) -> bool:
        """True when the comments of residents decide it."""
        return self in {Guard.COMMENT_SHOWN, Guard.COMMENT_HIDDEN}


class Settles(enum.Enum):
    """Which of the open reports of abuse of an appeal a verb closes; what came in unread meanwhile stays where it says "read"."""

    READ = "read"  #: those that its actor has read
    READ_OF_APPEAL = "read of the appeal"  #: the same, but those of comments, which stay as they are
    COMMENT = "comment"  #: those of the comment that is hidden
    ALL = "all"  #: each, for all of the appeal is hidden or shown


class Input(enum.Enum):
    """The kinds of thing that a verb may ask for. ``actions.inputs`` checks them, ``web.verb_forms`` draws them."""

    TEXT = "text"  #: words, kept as the event's text
    OWN_TEXT = "own text"  #: the words of the appeal itself, in the place of what they were
    ADDRESS = "address"  #: the address of the appeal, in the place of what it was; may be empty
    WORDS = "words"  #: pieces of the appeal's public texts, one a line, which are taken out
    SERVICE = "service"  #: another service, which the appeal goes to
    FILES = "files"  #: photos and videos that were uploaded before
    SHOWN_FILE = "shown file"  #: a photo or video of the appeal, which is hidden from the public
    HIDDEN_FILE = "hidden file"  #: one that was hidden by itself, which is shown to the public again
    PHOTO = "photo"  #: a photo of the appeal, hidden or not
    COVERED_PHOTO = "covered photo"  #: one of which areas are covered
    SHOWN_COMMENT = "shown comment"  #: a comment on the appeal, which is hidden from the public
    HIDDEN_COMMENT = "hidden comment"  #: one that is hidden, which is shown to the public again
    AREAS = "areas"  #: rectangles of a picture in percent of it, one a line
    COLLEAGUE = (
        "colleague"  #: somebody of the service that the appeal is with, who works on it; nobody if left out
    )
    GROUND = "ground"  #: one of the grounds on which the law lets an appeal be refused
    APPEAL = "appeal"  #: another appeal, by its number
    CATEGORY = "category"  #: another category, by which the appeal is routed again
    PLACE = "place"  #: another place, by which the appeal is routed again
    RELATED = "related appeal"  #: another appeal, by its number, which belongs together with this one
    LINKED = "linked appeal"  #: one of those that belong together with it, by its number
    PART = "part"  #: one of those that were split off it and nobody has begun with, by its number
    SECOND_CATEGORY = (
        "second category"  #: the category of the second matter, which becomes an appeal of its own
    )
    DAY = "day"  #: a day from today on, kept among the event's details
    KIND = "kind"  #: another kind of appeal
    LEGAL_KIND = "legal kind"  #: one of the kinds that the law knows
    IDENTITY = "identity"  #: who the author is or how to reach them, by the name of the column; kept apart from the event
    VERDICT = "verdict"  #: whether the author is satisfied, kept among the event's details


class Tone(enum.StrEnum):
    """How prominent the button is."""

    PLAIN = "plain"
    PRIMARY = "primary"  #: what is usually done next; its form stands open
    DANGER = "danger"


@dataclass(frozen=True)
class Ask:
    """One thing that a verb asks for before it is done; ``name`` is its key in forms, actions and details."""

    name: str
    input: Input
    label: Text
    hint: Text = ""
    required: bool = True


@dataclass(frozen=True)
class Words:
    """How a verb is called."""

    #: The line of the timeline. It knows %(by)s, who did it in the public's eyes (the service or the Mayor's Office),
    #: %(service)s, whom the appeal was with, %(to_service)s, and the event's details by name.
    step: Text
    button: Text = ""
    #: Heads the form of a verb that asks for something.
    invitation: Text = ""
    #: Said to whoever did it; it knows %(number)s, %(service)s and %(due)s.
    done: Text = ""
    #: Follows the step, and what is said to whoever did it, where another service answers from then on: %(to_service)s.
    moved: Text = ""
    #: Follows the step where the Mayor's Office got the appeal instead of %(chosen)s, or gave it back by itself.
    instead: Text = ""


@dataclass(frozen=True, eq=False)
class Verb:
    """One row of the table; rows are compared by identity."""

    code: str
    sources: tuple[Status, ...]
    target: Status | None  #: None: the state stays
    roles: frozenset[Role]
    words: Words
    icon: str = ""
    tone: Tone = Tone.PLAIN
    clock: Clock = Clock.KEEP
    #: True: the public sees the appeal no more; False: it sees it again.
    hides: bool | None = None
    #: What it hides waits for the Mayor's Office, which shows it or hides it with a reason.
    holds: bool = False
    #: True: the appeal belongs together with another one; False: it does not any more. Both histories tell it.
    links: bool | None = None
    #: The other one, which was split off it, is closed and considered with it again, whoever it is with.
    rejoins: bool = False
    #: True: words are taken out of its texts; False: all that were taken out are put back.
    redacts: bool | None = None
    #: The open reports of abuse that are closed by it.
    settles: Settles | None = None
    guard: Guard | None = None
    #: It leads to the state before the appeal was taken for a repetition, and to ``target`` where that is over.
    returns: bool = False
    #: It changes nothing that a form rests on: a form that was opened before is not stale after it.
    quiet: bool = False
    #: It may be done to many appeals at once, for it needs no words of its own for each.
    bulk: bool = False
    #: False: only the staff see the event.
    public: bool = True
    #: The author's words or files stand beside the appeal: one of the two is needed.
    adds: bool = False
    #: Its text stands beside the answer.
    supplements: bool = False
    #: Why the appeal is closed, if not with an answer.
    outcome: Outcome | None = None
    #: How often services may do it to an appeal. After that the Mayor's Office gets it, whichever service they choose.
    passes_max: int | None = None
    #: The authors of what repeats the appeal are told.
    followed: bool = False
    #: From then on the appeal is known to the Mayor's Office as overdue, until a new term begins.
    escalates: bool = False
    #: What supported it has come to the threshold: the Mayor's Office gets it, and owes an answer in public.
    carries: bool = False
    #: The stage of the term, 1 and up, of which its service is then warned; kept with the appeal.
    warns: int | None = None
    #: The author is reminded of the question, which is not done again.
    reminds: bool = False
    asks: tuple[Ask, ...] = ()
    #: Subjects, which know %(number)d, by who gets the letter.
    letters: Mapping[Audience, Text] = field(default_factory=lambda: MappingProxyType({}))
    #: For the author's own page and deeds, where they differ.
    author_words: Words | None = None

    def __str__(self) -> str:
        return self.code

    def allows(
        self, status: str, role: Role, *, hidden: bool, held: bool, barred: Collection[Guard] = ()
    ) -> bool:
        """True when a person in that role may do it to an appeal in that state, of which ``barred`` is not true."""
        return (
            status in self.sources
            and role in self.roles
            and not self.leaves(hidden=hidden, held=held)
            and self.guard not in barred
        )

    def leaves(self, *, hidden: bool, held: bool) -> bool:
        """True for one that hides or shows, where the public sees or does not see the appeal so already, and not for now only."""
        decides = held and not self.holds
        return self.hides is not None and self.hides == hidden and not decides

    def words_for(self, role: str) -> Words:
        """Its words where somebody in that role does it or did it."""
        return self.author_words if self.author_words and role == Role.RESIDENT else self.words

    def reads_clock(self, status: str) -> bool:
        """True when terms and calendar decide what it does from that state, or whether it may be done."""
        guarded = self.guard is not None and self.guard.of_the_clock
        changes = self.clock in {Clock.START, Clock.PAUSE, Clock.EXTEND, Clock.RECOUNT, Clock.GO_ON}
        # The service level of a report is that of its category.
        corrects = any(ask.input in {Input.CATEGORY, Input.SECOND_CATEGORY} for ask in self.asks)
        return guarded or changes or corrects or self.resumes(status)

    def resumes(self, status: str) -> bool:
        """True when the clock, which stands still in that state, goes on from where it stood."""
        return status == Status.WAITING and self.target not in {None, Status.WAITING}

    @property
    def begins(self) -> bool:
        """True when an appeal's history begins with it."""
        return not self.sources

    @property
    def publishes(self) -> bool:
        """True when the public may see the appeal for the first time after it."""
        return self.begins or self.hides is False

    @property
    def answers(self) -> bool:
        """True when its text is the answer that the law wants."""
        return self.clock is Clock.STOP

    @property
    def assigns(self) -> bool:
        """True when it says who works on the appeal."""
        return any(ask.input is Input.COLLEAGUE for ask in self.asks)

    @property
    def amends(self) -> bool:
        """True when the words of the appeal itself become others."""
        return any(ask.input is Input.OWN_TEXT for ask in self.asks)

    @property
    def names_author(self) -> bool:
        """True when it says who the author is and how to reach them."""
        return any(ask.input is Input.IDENTITY for ask in self.asks)

    @property
    def speaks(self) -> bool:
        """True when its text is read as an answer: the answer itself, or what is added to it."""
        return self.answers or self.supplements
