"""The life of an appeal as one table: what may be done to it, from where to where, by whom, and how it is called.

``VERBS`` is the table; what its rows are written with is defined in ``appeals.vocabulary``. Everything that shows or does
a verb reads its row: ``actions.perform`` checks and applies it, the desk and the author's page make buttons and forms of
it, the timeline, the letters, the API and the diagram in the docs take their words from it. To add a verb is to add a row,
its translations, its test and the diagram of docs/workflow.md.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import MODERATION, Role
from appeals.vocabulary import (
    OPEN_STATUSES,
    RUNNING_STATUSES,
    Ask,
    Audience,
    Channel,
    Clock,
    Guard,
    Input,
    Outcome,
    Settles,
    Status,
    Text,
    Tone,
    Verb,
    Words,
)

#: Subject of what followers get about every step that is ``followed``.
FOLLOWER_LETTER: Text = _("News of appeal № %(number)d, which yours repeats")

_OFFICE = frozenset({Role.OFFICE, Role.DISPATCHER})
_STAFF = frozenset({Role.SERVICE}) | _OFFICE
_AUTHOR = frozenset({Role.RESIDENT})
_PLATFORM = frozenset({Role.SYSTEM})

_PHOTOS = Ask(
    "uploads", Input.FILES, _("Photos"), _("Up to %(photos)d photos and %(videos)d videos."), required=False
)
_MORE_PHOTOS = Ask(
    "uploads",
    Input.FILES,
    _("Photos"),
    _("Room for more: photos – %(photos)d, videos – %(videos)d."),
    required=False,
)
#: Asked by verbs that may give the appeal to another service.
_REASON_TO_MOVE = Ask(
    "text", Input.TEXT, _("Reason"), _("Everyone reads it. The term of the answer does not begin anew.")
)

_FOR_THE_SERVICE: Text = _("Only the service that answers sees it.")
_KEEPS: Text = _("One of the two is needed. What is left empty stays as you gave it.")

SUBMIT = Verb(
    "submit",
    sources=(),
    target=Status.NEW,
    roles=frozenset({Role.PUBLIC}),
    clock=Clock.START,
    words=Words(step=_("Received and given to: %(service)s")),
    letters={
        Audience.AUTHOR: _("Your appeal № %(number)d has been received"),
        Audience.SERVICE: _("New appeal № %(number)d"),
    },
)
#: Somebody of the staff takes down what the author says, by phone or in person.
SUBMIT_FOR = Verb(
    "submit_for",
    sources=(),
    target=Status.NEW,
    roles=_OFFICE,
    clock=Clock.START,
    words=Words(step=_("%(channel)s. Given to: %(service)s")),
    letters=SUBMIT.letters,
)
ACCEPT = Verb(
    "accept",
    sources=(Status.NEW,),
    target=Status.ACCEPTED,
    roles=_STAFF,
    icon="status-accepted",
    bulk=True,
    tone=Tone.PRIMARY,
    words=Words(
        step=_("Taken in progress: %(by)s"),
        button=_("Start work"),
        done=_("Appeal %(number)s is in progress."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d is in progress")},
)
ANSWER = Verb(
    "answer",
    sources=OPEN_STATUSES,
    target=Status.ANSWERED,
    roles=_STAFF,
    icon="reply",
    tone=Tone.PRIMARY,
    clock=Clock.STOP,
    followed=True,
    asks=(
        Ask("text", Input.TEXT, _("Answer"), _("Everyone reads it, beside the appeal and on the map.")),
        Ask(
            "uploads",
            Input.FILES,
            _("Photos"),
            _("What was done, as a picture: up to %(photos)d photos and %(videos)d videos."),
            required=False,
        ),
    ),
    words=Words(
        step=_("Answered: %(by)s"),
        invitation=_("Answer in public"),
        button=_("Publish the answer"),
        done=_("The answer to appeal %(number)s is published."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d has been answered")},
)
#: Recorded by an import whose source does not have the words. ``answered_at`` stays empty, for nobody here can tell
#: whether that was the answer that the law wants.
ANSWERED_ELSEWHERE = Verb(
    "answered_elsewhere",
    sources=OPEN_STATUSES,
    target=Status.ANSWERED,
    roles=_PLATFORM,
    icon="reply",
    clock=Clock.ELSEWHERE,
    words=Words(
        step=_(
            "Answered before the appeal was moved here from another system; the text of the answer is not known"
        )
    ),
)
SUPPLEMENT = Verb(
    "supplement",
    sources=(Status.ANSWERED, Status.CLOSED),
    target=None,
    roles=_STAFF,
    icon="plus",
    supplements=True,
    followed=True,
    asks=(
        Ask("text", Input.TEXT, _("Addition"), _("Everyone reads it, beside the answer.")),
        _PHOTOS,
    ),
    words=Words(
        step=_("Added to the answer: %(by)s"),
        invitation=_("Add to the answer"),
        button=_("Publish the addition"),
        done=_("The addition to the answer to appeal %(number)s is published."),
    ),
    letters={Audience.AUTHOR: _("The answer to your appeal № %(number)d has an addition")},
)
REFUSE = Verb(
    "refuse",
    sources=OPEN_STATUSES,
    target=Status.CLOSED,
    outcome=Outcome.REFUSED,
    roles=_STAFF,
    icon="cross",
    tone=Tone.DANGER,
    clock=Clock.END,
    followed=True,
    asks=(
        Ask("ground", Input.GROUND, _("Ground in the law")),
        Ask("text", Input.TEXT, _("Explanation"), _("Everyone reads it, and the author gets a letter.")),
    ),
    words=Words(
        step=_("Refused by law: %(ground)s (%(by)s)"),
        invitation=_("Refuse by law"),
        button=pgettext_lazy("verb: refuse the appeal", "Refuse"),
        done=_("Appeal %(number)s is refused."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d will not be considered")},
)
CORRECT = Verb(
    "correct",
    sources=OPEN_STATUSES,
    target=None,
    roles=_STAFF,
    icon="pin",
    asks=(
        Ask("category", Input.CATEGORY, _("Right category"), required=False),
        Ask(
            "point",
            Input.PLACE,
            _("Right place: latitude, longitude"),
            _("As maps show it, such as 40.5283, 72.7985. Whoever answers there gets the appeal."),
            required=False,
        ),
        _REASON_TO_MOVE,
    ),
    words=Words(
        step=_("Put right: %(by)s. Category: %(category)s; who answers: %(answers)s"),
        invitation=_("Put category or place right"),
        button=_("Put right"),
        done=_("Appeal %(number)s is put right; who answers: %(service)s."),
    ),
    letters={
        Audience.AUTHOR: _("Category or place of your appeal № %(number)d has been put right"),
        Audience.SERVICE: _("Appeal № %(number)d is yours after a correction"),
    },
)
DUPLICATE = Verb(
    "duplicate",
    sources=OPEN_STATUSES,
    target=Status.CLOSED,
    outcome=Outcome.DUPLICATE,
    roles=_STAFF,
    icon="copy",
    clock=Clock.END,
    followed=True,
    asks=(
        Ask(
            "original",
            Input.APPEAL,
            _("Number of the appeal that it repeats"),
            _("Everyone sees the link, and the author gets letters about that appeal from now on."),
        ),
    ),
    words=Words(
        step=_("Repeats appeal № %(original)s: %(by)s"),
        invitation=_("Repeats another appeal"),
        button=_("Close as a repetition"),
        done=_("Appeal %(number)s is closed as a repetition."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d repeats another one")},
)
SEPARATE = Verb(
    "separate",
    sources=(Status.CLOSED,),
    target=Status.ACCEPTED,
    roles=_STAFF,
    icon="reopen",
    clock=Clock.GO_ON,
    guard=Guard.REPEATS,
    returns=True,
    words=Words(
        step=_(
            "Considered by itself again, without appeal № %(original)s: %(by)s. The answer is due by %(due)s"
        ),
        button=_("Consider it by itself again"),
        done=_("Appeal %(number)s is considered by itself again."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d is considered by itself again")},
)
SPLIT = Verb(
    "split",
    sources=RUNNING_STATUSES,
    target=None,
    roles=_STAFF,
    icon="plus",
    links=True,
    asks=(
        Ask("category", Input.SECOND_CATEGORY, _("Category of the second matter")),
        Ask(
            "text",
            Input.TEXT,
            _("Text of the second matter"),
            _(
                "It becomes an appeal of its own with the same place, author and term. Everyone reads it: the author's "
                "words, without names and phone numbers."
            ),
        ),
    ),
    words=Words(
        step=_("The second matter is an appeal of its own, № %(other)s (%(by)s)"),
        invitation=_("Split off a second matter"),
        button=_("Make a second appeal of it"),
        done=_("A second appeal is made out of appeal %(number)s."),
    ),
    letters={Audience.AUTHOR: _("A second matter of your appeal № %(number)d is considered by itself")},
)
REJOIN = Verb(
    "rejoin",
    sources=(Status.NEW,),
    target=Status.CLOSED,
    outcome=Outcome.JOINED,
    roles=_STAFF,
    icon="reopen",
    clock=Clock.END,
    guard=Guard.SPLIT_OFF,
    links=False,
    words=Words(
        step=_("The split is taken back: appeal № %(other)s has this matter too (%(by)s)"),
        button=_("Take the split back"),
        done=_("Appeal %(number)s is considered with the first one again."),
    ),
    letters={
        Audience.AUTHOR: _("Your appeal № %(number)d is considered with the first one again"),
        Audience.SERVICE: _("Appeal № %(number)d is closed: it is considered with the first one again"),
    },
)
#: From the side of the first appeal: whoever has split it may have nothing to do with the service that the part went to.
UNSPLIT = Verb(
    "unsplit",
    sources=OPEN_STATUSES,
    target=None,
    roles=_STAFF,
    icon="reopen",
    guard=Guard.HAS_PART,
    links=False,
    rejoins=True,
    asks=(
        Ask(
            "other",
            Input.PART,
            _("Which one"),
            _("It is closed, and its author and its service get a letter. Nobody has begun with it."),
        ),
    ),
    words=Words(
        step=_("The split is taken back: the matter of appeal № %(other)s is considered here again (%(by)s)"),
        invitation=_("Take a split back"),
        button=_("Take the split back"),
        done=_("The matter is considered in appeal %(number)s again."),
    ),
)
LINK = Verb(
    "link",
    sources=tuple(Status),
    target=None,
    roles=_STAFF,
    icon="link",
    quiet=True,
    links=True,
    asks=(
        Ask(
            "other",
            Input.RELATED,
            _("Number of the other appeal"),
            _("Everyone sees the link on both pages. Each is considered by itself."),
        ),
    ),
    words=Words(
        step=_("Belongs together with appeal № %(other)s"),
        invitation=_("Belongs together with another appeal"),
        button=pgettext_lazy("verb: two appeals belong together", "Link"),
        done=_("Appeal %(number)s and the other one refer to each other."),
    ),
)
UNLINK = Verb(
    "unlink",
    sources=tuple(Status),
    target=None,
    roles=_STAFF,
    icon="cross",
    quiet=True,
    links=False,
    guard=Guard.LINKED,
    asks=(Ask("other", Input.LINKED, _("Which one")),),
    words=Words(
        step=_("Does not belong together with appeal № %(other)s any more"),
        invitation=_("Take back that appeals belong together"),
        button=pgettext_lazy("verb: two appeals do not belong together", "Take the link back"),
        done=_("Appeal %(number)s and the other one do not refer to each other any more."),
    ),
)
WITHDRAW = Verb(
    "withdraw",
    sources=OPEN_STATUSES,
    target=Status.CLOSED,
    outcome=Outcome.WITHDRAWN,
    roles=_AUTHOR,
    icon="cross",
    clock=Clock.END,
    asks=(Ask("text", Input.TEXT, _("Why"), _("Everyone reads it."), required=False),),
    words=Words(
        step=_("Withdrawn by the author"),
        invitation=_("Withdraw the appeal"),
        button=pgettext_lazy("verb: withdraw the appeal", "Withdraw"),
        done=_("Appeal %(number)s is withdrawn. It can be reopened here."),
    ),
    letters={Audience.SERVICE: _("Appeal № %(number)d has been withdrawn by its author")},
)
NOTE = Verb(
    "note",
    sources=tuple(Status),
    target=None,
    roles=_STAFF | MODERATION,
    icon="shield",
    bulk=True,
    quiet=True,
    public=False,
    asks=(
        Ask(
            "text", Input.TEXT, _("Note"), _("Only staff who work on the appeal read it; it is never public.")
        ),
    ),
    words=Words(
        step=_("Internal note: %(by)s"),
        invitation=_("Internal note"),
        button=_("Keep the note"),
        done=_("The note on appeal %(number)s is kept."),
    ),
)
ASSIGN = Verb(
    "assign",
    sources=OPEN_STATUSES,
    target=None,
    roles=_STAFF,
    icon="person",
    bulk=True,
    quiet=True,
    public=False,
    asks=(
        Ask(
            "assignee",
            Input.COLLEAGUE,
            _("Person"),
            _("Only staff see it; the appeal stands in that person's “Mine”."),
            required=False,
        ),
    ),
    words=Words(
        step=_("Who works on it: %(assignee)s"),
        invitation=_("Who works on it"),
        button=pgettext_lazy("verb: give to a colleague", "Assign"),
        done=_("Appeal %(number)s: it is kept who works on it."),
    ),
)
FORWARD = Verb(
    "forward",
    sources=OPEN_STATUSES,
    target=Status.NEW,
    roles=_STAFF,
    icon="forward",
    bulk=True,
    passes_max=2,
    asks=(
        Ask("to_service", Input.SERVICE, _("To which service")),
        _REASON_TO_MOVE,
    ),
    words=Words(
        step=_("Forwarded: %(service)s → %(to_service)s"),
        invitation=_("Forward to another service"),
        button=pgettext_lazy("verb: give to another service", "Forward"),
        done=_("Appeal %(number)s is forwarded: %(service)s."),
        instead=_(
            "Services have passed it on often enough: the Mayor's Office decides who answers. Chosen was: %(chosen)s"
        ),
    ),
    letters={
        Audience.AUTHOR: _("Your appeal № %(number)d is with another service now"),
        Audience.SERVICE: _("Appeal № %(number)d has been forwarded to you"),
    },
)
PLAN = Verb(
    "plan",
    sources=OPEN_STATUSES,
    target=Status.PLANNED,
    roles=_STAFF,
    icon="status-planned",
    followed=True,
    asks=(
        Ask(
            "planned_on",
            Input.DAY,
            _("On which day"),
            _("Everyone reads it. The term of the answer does not change."),
        ),
        Ask("text", Input.TEXT, _("What will be done")),
    ),
    words=Words(
        step=_("Planned for %(planned_on)s: %(by)s"),
        invitation=_("Plan the works"),
        button=_("Publish the plan"),
        done=_("Works for appeal %(number)s are planned."),
    ),
    letters={Audience.AUTHOR: _("Works for your appeal № %(number)d are planned")},
)
ASK = Verb(
    "ask",
    sources=RUNNING_STATUSES,
    target=Status.WAITING,
    roles=_STAFF,
    icon="status-waiting",
    clock=Clock.PAUSE,
    guard=Guard.ASKABLE,
    asks=(
        Ask(
            "text",
            Input.TEXT,
            _("Question"),
            _("Everyone reads it, and the author gets a letter. The term stands still until the reply."),
        ),
    ),
    words=Words(
        step=_(
            "Question to the author: %(by)s. The term stands still until the reply, until %(until)s at most"
        ),
        invitation=_("Ask the author"),
        button=_("Send the question"),
        done=_("The author of appeal %(number)s is asked."),
    ),
    letters={Audience.AUTHOR: _("A question about your appeal № %(number)d")},
)
REPLY = Verb(
    "reply",
    sources=(Status.WAITING,),
    target=Status.ACCEPTED,
    roles=_AUTHOR,
    icon="reply",
    tone=Tone.PRIMARY,
    asks=(
        Ask("text", Input.TEXT, _("Your reply"), _("Everyone reads it: leave out names and phone numbers.")),
        _PHOTOS,
    ),
    words=Words(
        step=_("Reply of the author. The answer is due by %(due)s"),
        invitation=_("Reply to the question"),
        button=_("Send the reply"),
        done=_("Thank you. The service has your reply."),
    ),
    letters={Audience.SERVICE: _("The author of appeal № %(number)d has replied")},
)
CLOSE = Verb(
    "close",
    sources=(Status.ANSWERED,),
    target=Status.CLOSED,
    roles=_STAFF | _AUTHOR,
    icon="status-closed",
    bulk=True,
    followed=True,
    words=Words(
        step=_("Closed: %(by)s"),
        button=pgettext_lazy("verb: close the appeal", "Close"),
        done=_("Appeal %(number)s is closed."),
    ),
    author_words=Words(
        step=_("Closed by the author: the problem is solved"),
        button=_("Yes, close the appeal"),
        done=_("Thank you. The appeal is closed."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d has been closed")},
)
REOPEN = Verb(
    "reopen",
    sources=(Status.ANSWERED, Status.CLOSED),
    target=Status.ACCEPTED,
    roles=_OFFICE | _AUTHOR,
    icon="reopen",
    clock=Clock.START,
    followed=True,
    asks=(
        Ask(
            "text",
            Input.TEXT,
            _("What is still wrong?"),
            _("Everyone reads it. The term of the answer begins anew."),
        ),
        _PHOTOS,
    ),
    words=Words(
        step=_("Reopened by the Mayor's Office"),
        invitation=_("Reopen"),
        button=_("Reopen"),
        done=_("Appeal %(number)s is open again."),
    ),
    author_words=Words(
        step=_("Reopened by the author: the problem is not solved"),
        invitation=_("The problem is not solved"),
        button=_("Reopen the appeal"),
        done=_("The appeal is open again; the service has been notified."),
    ),
    letters={
        Audience.AUTHOR: _("Your appeal № %(number)d has been reopened"),
        Audience.SERVICE: _("Appeal № %(number)d has been reopened"),
    },
)
#: A legal appeal is registered when its author is known: its term begins with that.
IDENTIFY = Verb(
    "identify",
    sources=RUNNING_STATUSES,
    target=None,
    roles=_OFFICE | _AUTHOR,
    icon="person",
    clock=Clock.START,
    guard=Guard.CIVIC,
    asks=(
        Ask(
            "kind",
            Input.LEGAL_KIND,
            _("Kind of appeal"),
            _(
                "Everyone reads it. The term of the law begins today, and may end later than that of the report."
            ),
        ),
        Ask("name", Input.IDENTITY, _("Full name"), _FOR_THE_SERVICE, required=False),
        Ask("postal_address", Input.IDENTITY, _("Postal address"), _FOR_THE_SERVICE, required=False),
        Ask("phone", Input.IDENTITY, _("Phone"), _KEEPS, required=False),
        Ask("email", Input.IDENTITY, _("E-mail"), _KEEPS, required=False),
    ),
    words=Words(
        step=_(
            "The author is named: an appeal under the law from now on (%(kind)s). The answer is due by %(due)s"
        ),
        invitation=_("Make it an appeal under the law"),
        button=_("Register the appeal"),
        done=_("%(number)s is an appeal under the law now."),
    ),
    letters={
        Audience.AUTHOR: _("Your report № %(number)d is registered as an appeal under the law"),
        Audience.SERVICE: _("№ %(number)d is an appeal under the law now"),
    },
)
RECLASSIFY = Verb(
    "reclassify",
    sources=OPEN_STATUSES,
    target=None,
    roles=_OFFICE,
    icon="shield",
    clock=Clock.RECOUNT,
    guard=Guard.LEGAL,
    asks=(
        Ask("kind", Input.KIND, _("Right kind")),
        Ask(
            "text",
            Input.TEXT,
            _("Reason"),
            _("Everyone reads it. The term is counted again from its beginning."),
        ),
    ),
    words=Words(
        step=_("Kind put right: %(kind)s (%(by)s). The answer is due by %(due)s"),
        invitation=_("Put the kind right"),
        button=pgettext_lazy("verb: the kind of an appeal", "Put right"),
        done=_("The kind of appeal %(number)s is put right."),
    ),
    letters={Audience.AUTHOR: _("The kind of your appeal № %(number)d has been put right")},
)
#: Only whoever holds the author's link says it. The words are for those who answered, and never public.
RATE = Verb(
    "rate",
    sources=(Status.ANSWERED, Status.CLOSED),
    target=None,
    roles=_AUTHOR,
    icon="check",
    guard=Guard.RATEABLE,
    quiet=True,
    public=False,
    asks=(
        Ask("satisfied", Input.VERDICT, _("Are you satisfied with the answer?")),
        Ask(
            "text",
            Input.TEXT,
            _("In your words"),
            _("Only the service and the Mayor's Office read it."),
            required=False,
        ),
    ),
    words=Words(
        step=_("The author says: %(satisfied)s"),
        invitation=_("Rate the answer"),
        button=_("Send the rating"),
        done=_("Thank you. Your rating is kept; you can change it here."),
    ),
)
#: For a short time, and while nobody has acted on what was sent.
AMEND = Verb(
    "amend",
    sources=(Status.NEW,),
    target=None,
    roles=_AUTHOR,
    icon="edit",
    guard=Guard.CORRECTABLE,
    asks=(
        Ask(
            "text",
            Input.OWN_TEXT,
            _("What should the service know?"),
            _("Everyone will read it: no phone numbers or names of other people."),
            required=False,
        ),
        Ask("category", Input.CATEGORY, _("What is it about?"), required=False),
        Ask("address", Input.ADDRESS, _("Address or landmark"), required=False),
        Ask(
            "point",
            Input.PLACE,
            _("Where is it?"),
            _("Latitude, longitude, or the name of a street or place. Left empty, the pin stays."),
            required=False,
        ),
    ),
    words=Words(
        step=_("Corrected by the author"),
        moved=_("Now it goes to: %(to_service)s"),
        invitation=_("Correct the appeal"),
        button=_("Save the correction"),
        done=_("Appeal %(number)s is corrected. The answer is due by %(due)s."),
    ),
    letters={Audience.SERVICE: _("Appeal № %(number)d has been corrected by its author")},
)
ADD = Verb(
    "add",
    sources=OPEN_STATUSES,
    target=None,
    roles=_AUTHOR,
    icon="plus",
    guard=Guard.EXTENSIBLE,
    quiet=True,
    adds=True,
    asks=(
        Ask(
            "text",
            Input.TEXT,
            _("In your words"),
            _("Everyone reads it: leave out names and phone numbers."),
            required=False,
        ),
        _MORE_PHOTOS,
    ),
    words=Words(
        step=_("Added by the author"),
        invitation=_("Add photos or words"),
        button=_("Add to the appeal"),
        done=_("It is added to appeal %(number)s, and the service is told."),
    ),
    letters={Audience.SERVICE: _("The author of appeal № %(number)d has added to it")},
)
EXTEND = Verb(
    "extend",
    sources=OPEN_STATUSES,
    target=None,
    roles=_STAFF,
    icon="clock",
    clock=Clock.EXTEND,
    guard=Guard.EXTENDABLE,
    asks=(
        Ask(
            "text",
            Input.TEXT,
            _("Reason"),
            _("Everyone reads it, and the author gets a letter. The term can be extended once."),
        ),
    ),
    words=Words(
        step=_("The term is extended from %(was)s to %(due)s: %(service)s"),
        invitation=_("Extend the term"),
        button=pgettext_lazy("verb: extend the term", "Extend"),
        done=_("The term of appeal %(number)s is extended."),
    ),
    letters={Audience.AUTHOR: _("The answer to your appeal № %(number)d will take longer")},
)
HIDE = Verb(
    "hide",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="hide",
    tone=Tone.DANGER,
    hides=True,
    settles=Settles.ALL,
    asks=(
        Ask(
            "text",
            Input.TEXT,
            _("Reason"),
            _("Everyone reads it in the place of the appeal, so do not repeat what is hidden."),
        ),
    ),
    words=Words(
        step=_("Hidden from the public"),
        invitation=_("Hide from the public"),
        button=pgettext_lazy("verb: hide the appeal", "Hide"),
        done=_("Appeal %(number)s is hidden from the public."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d has been hidden from the public")},
)
#: What looks odd where it comes in (``appeals.oddities``): it is registered, its term runs, and only reading it waits.
HOLD = Verb(
    "hold",
    sources=(Status.NEW,),
    target=None,
    roles=_PLATFORM,
    icon="hide",
    hides=True,
    holds=True,
    words=Words(step=_("Not public until the Mayor's Office has looked at it")),
    letters={Audience.OFFICE: _("Appeal № %(number)d waits for you to look at it")},
)
SHOW = Verb(
    "show",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="show",
    hides=False,
    settles=Settles.ALL,
    words=Words(
        step=_("Shown to the public"),
        button=_("Show to the public"),
        done=_("Appeal %(number)s is public now."),
    ),
    letters={Audience.AUTHOR: _("Your appeal № %(number)d is shown to the public")},
)
#: A moderator has looked, and leaves it as it stands.
CLEAR = Verb(
    "clear",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="check",
    guard=Guard.REPORTED,
    settles=Settles.READ,
    quiet=True,
    public=False,
    asks=(
        Ask(
            "text",
            Input.TEXT,
            _("Note"),
            _("Only staff who work on the appeal read it; it is never public."),
            required=False,
        ),
    ),
    words=Words(
        step=_("What was reported has been looked at: nothing is wrong (%(by)s)"),
        invitation=_("Nothing is wrong"),
        button=_("Leave it as it is"),
        done=_("Appeal %(number)s stays as it is; the reports are closed."),
    ),
)
HIDE_FILE = Verb(
    "hide_file",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="hide",
    tone=Tone.DANGER,
    guard=Guard.FILE_SHOWN,
    settles=Settles.READ_OF_APPEAL,
    quiet=True,
    asks=(
        Ask("file", Input.SHOWN_FILE, _("Which one")),
        Ask(
            "text",
            Input.TEXT,
            _("Reason"),
            _("Everyone reads it in the history of the appeal, so do not repeat what is hidden."),
        ),
    ),
    words=Words(
        step=_("A photo or video is hidden from the public"),
        invitation=_("Hide one photo or video"),
        button=pgettext_lazy("verb: hide a photo or video", "Hide it"),
        done=_("A photo or video of appeal %(number)s is hidden from the public."),
    ),
    letters={
        Audience.AUTHOR: _("A photo or video of your appeal № %(number)d has been hidden from the public")
    },
)
SHOW_FILE = Verb(
    "show_file",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="show",
    guard=Guard.FILE_HIDDEN,
    quiet=True,
    asks=(Ask("file", Input.HIDDEN_FILE, _("Which one")),),
    words=Words(
        step=_("A photo or video is shown to the public again"),
        invitation=_("Show a hidden photo or video again"),
        button=pgettext_lazy("verb: show a photo or video", "Show it again"),
        done=_("A photo or video of appeal %(number)s is public again."),
    ),
    letters={Audience.AUTHOR: _("A photo or video of your appeal № %(number)d is shown to the public again")},
)
HIDE_COMMENT = Verb(
    "hide_comment",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="hide",
    tone=Tone.DANGER,
    guard=Guard.COMMENT_SHOWN,
    settles=Settles.COMMENT,
    quiet=True,
    asks=(
        Ask("comment", Input.SHOWN_COMMENT, _("Which comment")),
        Ask(
            "text",
            Input.TEXT,
            _("Reason"),
            _("Everyone reads it in the history of the appeal, so do not repeat what is hidden."),
        ),
    ),
    words=Words(
        step=_("A comment is hidden from the public"),
        invitation=_("Hide a comment"),
        button=pgettext_lazy("verb: hide a comment", "Hide it"),
        done=_("A comment on appeal %(number)s is hidden from the public."),
    ),
)
SHOW_COMMENT = Verb(
    "show_comment",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="show",
    guard=Guard.COMMENT_HIDDEN,
    quiet=True,
    asks=(Ask("comment", Input.HIDDEN_COMMENT, _("Which comment")),),
    words=Words(
        step=_("A comment is shown to the public again"),
        invitation=_("Show a hidden comment again"),
        button=pgettext_lazy("verb: show a comment", "Show it again"),
        done=_("A comment on appeal %(number)s is public again."),
    ),
)
COVER = Verb(
    "cover",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="hide",
    tone=Tone.DANGER,
    guard=Guard.PHOTO_THERE,
    settles=Settles.READ_OF_APPEAL,
    quiet=True,
    asks=(
        Ask("photo", Input.PHOTO, _("Which photo")),
        Ask(
            "areas",
            Input.AREAS,
            _("Areas that are blackened"),
            _(
                "One a line: its distance from the left and from the top, its width and its height, in percent of the photo, such as 10 20 15 8. The Mayor's Office still sees the whole photo."
            ),
        ),
        Ask(
            "text",
            Input.TEXT,
            _("Reason"),
            _("Everyone reads it in the history of the appeal, so do not repeat what is hidden."),
        ),
    ),
    words=Words(
        step=_("Areas of a photo are blackened: %(by)s"),
        invitation=_("Blacken areas of a photo"),
        button=pgettext_lazy("verb: areas of a photo", "Blacken"),
        done=_("Areas of a photo of appeal %(number)s are blackened."),
    ),
    letters={Audience.AUTHOR: _("Areas of a photo of your appeal № %(number)d have been blackened")},
)
UNCOVER = Verb(
    "uncover",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="show",
    guard=Guard.PHOTO_COVERED,
    quiet=True,
    asks=(Ask("photo", Input.COVERED_PHOTO, _("Which photo")),),
    words=Words(
        step=_("A photo is shown whole again: %(by)s"),
        invitation=_("Show a blackened photo whole again"),
        button=pgettext_lazy("verb: a blackened photo", "Show it whole"),
        done=_("A photo of appeal %(number)s is shown whole again."),
    ),
    letters={Audience.AUTHOR: _("A photo of your appeal № %(number)d is shown whole again")},
)
REDACT = Verb(
    "redact",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="hide",
    tone=Tone.DANGER,
    redacts=True,
    settles=Settles.READ_OF_APPEAL,
    quiet=True,
    asks=(
        Ask(
            "pieces",
            Input.WORDS,
            _("Words that are taken out"),
            _(
                "One piece a line, as it stands in the appeal, an answer or a reply. […] stands in its place everywhere; the Mayor's Office still sees it."
            ),
        ),
        Ask(
            "text",
            Input.TEXT,
            _("Reason"),
            _("Everyone reads it in the history of the appeal, so do not repeat what is taken out."),
        ),
    ),
    words=Words(
        step=_("Words are taken out: %(by)s"),
        invitation=_("Take words out"),
        button=_("Take them out"),
        done=_("Words of appeal %(number)s are taken out."),
    ),
    letters={Audience.AUTHOR: _("Words of your appeal № %(number)d have been taken out")},
)
RESTORE = Verb(
    "restore",
    sources=tuple(Status),
    target=None,
    roles=MODERATION,
    icon="show",
    redacts=False,
    guard=Guard.REDACTED,
    quiet=True,
    words=Words(
        step=_("The words stand as they were written: %(by)s"),
        button=_("Put the words back"),
        done=_("The words of appeal %(number)s stand as they were written."),
    ),
    letters={Audience.AUTHOR: _("The words of your appeal № %(number)d stand again as they were written")},
)
ESCALATE = Verb(
    "escalate",
    sources=OPEN_STATUSES,
    target=None,
    roles=_PLATFORM,
    icon="status-overdue",
    guard=Guard.TERM_PASSED,
    escalates=True,
    quiet=True,
    words=Words(step=_("The term has passed without an answer: the Mayor's Office has been told")),
    letters={
        Audience.OFFICE: _("Appeal № %(number)d is overdue"),
        Audience.SERVICE: _("Appeal № %(number)d is overdue: the Mayor's Office has been told"),
    },
)
#: Recorded by an import of what was overdue already: nobody is told about the past.
FOUND_OVERDUE = Verb(
    "found_overdue",
    sources=OPEN_STATUSES,
    target=None,
    roles=_PLATFORM,
    icon="status-overdue",
    guard=Guard.TERM_PASSED,
    escalates=True,
    quiet=True,
    words=Words(
        step=_("When the appeal was moved here from another system, its term had passed without an answer")
    ),
)
CARRY = Verb(
    "carry",
    sources=(*OPEN_STATUSES, Status.ANSWERED, Status.CLOSED),
    target=Status.NEW,
    roles=_PLATFORM,
    icon="people",
    clock=Clock.START,
    guard=Guard.GATHERED,
    carries=True,
    followed=True,
    words=Words(
        step=_(
            "Supported by enough people (%(supporters)s of %(threshold)s): the Mayor's Office must answer in public by %(due)s"
        )
    ),
    letters={
        Audience.AUTHOR: _("Your proposal № %(number)d has gathered its support: the city must answer"),
        Audience.SERVICE: _("Proposal № %(number)d has gathered its support: an answer in public is due"),
    },
)
WARN_HALF = Verb(
    "warn_half",
    sources=RUNNING_STATUSES,
    target=None,
    roles=_PLATFORM,
    icon="clock",
    guard=Guard.HALF_PASSED,
    warns=1,
    quiet=True,
    public=False,
    words=Words(step=_("Half of the term has passed: the service is warned")),
    letters={Audience.SERVICE: _("Half of the term of appeal № %(number)d has passed")},
)
WARN_MOST = Verb(
    "warn_most",
    sources=RUNNING_STATUSES,
    target=None,
    roles=_PLATFORM,
    icon="clock",
    guard=Guard.MOST_PASSED,
    warns=2,
    quiet=True,
    public=False,
    words=Words(step=_("80 %% of the term has passed: the service is warned")),
    letters={Audience.SERVICE: _("80 %% of the term of appeal № %(number)d has passed")},
)
WARN_DUE = Verb(
    "warn_due",
    sources=RUNNING_STATUSES,
    target=None,
    roles=_PLATFORM,
    icon="clock",
    guard=Guard.LAST_DAY,
    warns=3,
    quiet=True,
    public=False,
    words=Words(step=_("The last day for the answer: the service is warned")),
    letters={Audience.SERVICE: _("Appeal № %(number)d must be answered today")},
)
REMIND = Verb(
    "remind",
    sources=(Status.WAITING,),
    target=None,
    roles=_PLATFORM,
    icon="clock",
    guard=Guard.REMINDER_DUE,
    reminds=True,
    quiet=True,
    words=Words(step=_("The author is reminded of the question, which can be replied to until %(until)s")),
    letters={Audience.AUTHOR: _("Please reply: a question about your appeal № %(number)d")},
)
LAPSE = Verb(
    "lapse",
    sources=(Status.WAITING,),
    target=Status.ACCEPTED,
    roles=_PLATFORM,
    icon="clock",
    guard=Guard.REPLY_MISSING,
    words=Words(step=_("No reply has come: the term goes on, and the answer is due by %(due)s")),
    letters={
        Audience.AUTHOR: _("Your appeal № %(number)d goes on without your reply"),
        Audience.SERVICE: _("Appeal № %(number)d goes on: its author has not replied"),
    },
)
RECOUNT = Verb(
    "recount",
    sources=OPEN_STATUSES,
    target=None,
    roles=_PLATFORM,
    icon="clock",
    clock=Clock.RECOUNT,
    quiet=True,
    words=Words(
        step=_("The answer is due by %(due)s instead of %(was)s: %(reason)s"),
        instead=_("The term has not passed after all: the appeal is with the service again"),
    ),
)

#: Among the details of a due date that was counted again: it had passed by the calendar as it was known then, and has not
#: passed any more, so that the Mayor's Office, which had been told, has the appeal no longer.
GIVEN_BACK = "given_back"

#: The table, in the order in which buttons stand; the last ones are the platform's own.
VERBS: dict[str, Verb] = {
    verb.code: verb
    for verb in (
        SUBMIT,
        SUBMIT_FOR,
        ACCEPT,
        ANSWER,
        SUPPLEMENT,
        REPLY,
        CLOSE,
        REOPEN,
        RATE,
        AMEND,
        ADD,
        PLAN,
        ASK,
        FORWARD,
        EXTEND,
        CORRECT,
        IDENTIFY,
        RECLASSIFY,
        DUPLICATE,
        SEPARATE,
        SPLIT,
        REJOIN,
        UNSPLIT,
        LINK,
        UNLINK,
        REFUSE,
        WITHDRAW,
        ASSIGN,
        NOTE,
        CLEAR,
        HIDE_FILE,
        SHOW_FILE,
        HIDE_COMMENT,
        SHOW_COMMENT,
        COVER,
        UNCOVER,
        REDACT,
        RESTORE,
        HIDE,
        SHOW,
        HOLD,
        CARRY,
        WARN_HALF,
        WARN_MOST,
        WARN_DUE,
        ESCALATE,
        REMIND,
        LAPSE,
        RECOUNT,
        ANSWERED_ELSEWHERE,
        FOUND_OVERDUE,
    )
}


def verbs_for(
    status: str, role: Role, *, hidden: bool, held: bool, barred: Collection[Guard] = ()
) -> Iterator[Verb]:
    """What a person in that role may do now, in the table's order; never what begins the life."""
    return (
        verb for verb in VERBS.values() if verb.allows(status, role, hidden=hidden, held=held, barred=barred)
    )


#: The warnings by stage.
WARNINGS: Mapping[int, Verb] = {verb.warns: verb for verb in VERBS.values() if verb.warns is not None}

#: How far a term has come, by the guards of the warnings; kept with the appeal once its service was warned.
STAGES: Mapping[Guard, int] = {
    verb.guard: stage for stage, verb in WARNINGS.items() if verb.guard is not None
}
#: Codes of what a moderator does who has looked at an appeal, and not at one of its comments alone.
SETTLING: Collection[str] = tuple(
    verb.code for verb in VERBS.values() if verb.settles not in {None, Settles.COMMENT}
)


#: By what channel the staff were told, as the public reads it; kept among the event's details.
CHANNELS: Mapping[str, Text] = {
    Channel.PHONE: _("Taken by phone"),
    Channel.VISIT: _("Taken in person"),
}


#: What an author can say of an answer; kept among the event's details.
VERDICTS: Mapping[str, Text] = {
    "yes": pgettext_lazy("rating", "satisfied with the answer"),
    "no": pgettext_lazy("rating", "not satisfied with the answer"),
}


class Reason(enum.StrEnum):
    """Why a due date was counted again; kept among the event's details."""

    DAY_OFF = "day_off"
    WORKING_DAY = "working_day"
    ORDINARY_DAY = "ordinary_day"  #: the city's own rule for a day was removed
    CALENDAR = "calendar"  #: several days, or found by the regular check
    TERM = "term"


#: The reasons in words, which know %(day)s where it was a single one.
REASONS: Mapping[str, Text] = {
    Reason.DAY_OFF: _("%(day)s is a day off"),
    Reason.WORKING_DAY: _("%(day)s is a working day"),
    Reason.ORDINARY_DAY: _("%(day)s is no exception any more"),
    Reason.CALENDAR: _("the calendar of working days has changed"),
    Reason.TERM: _("the legal term has changed"),
}


@dataclass(frozen=True)
class Cause:
    """What changed, so that due dates are counted again; ``day`` where it was a single day."""

    reason: Reason
    day: dt.date | None = None

    @property
    def details(self) -> dict[str, str]:
        """As kept among the details of an event."""
        day = {"day": self.day.isoformat()} if self.day else {}
        return {"reason": self.reason.value, **day}


def verb_choices() -> list[tuple[str, str]]:
    """The table's codes as choices of a model field; a callable, so that a new verb changes no migration."""
    return [(code, code) for code in VERBS]
