"""Comments of residents on an appeal: whether new ones are taken, and the page of them that a reader sees."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils.translation import ngettext

from appeals.limits import COMMENT_DAYS, COMMENTS_PAGE
from appeals.models import Appeal, Comment, CommentRule
from appeals.querysets import CommentQuerySet
from geo.paging import Cursor, Order, PageRequest, cursor_in

#: In the order in which they were written: the index ``comments_of_an_appeal``.
OLDEST_FIRST: Final = Order({"id": int})


def may_be_commented_on(appeal: Appeal, at: dt.datetime) -> bool:
    """True while residents may say something new of the appeal; one query where it is public and was not closed long ago."""
    return not appeal.hidden and not _is_long_closed(appeal, at) and is_allowed(appeal.kind)


def is_allowed(kind: str) -> bool:
    """True where the city lets residents comment on appeals of that kind."""
    return CommentRule.objects.filter(kind=kind, allowed=True).exists()


def why_not_any_more(appeal: Appeal, at: dt.datetime) -> str:
    """That it was closed too long ago, in a sentence; empty where it was not."""
    if not _is_long_closed(appeal, at):
        return ""
    words = ngettext(
        "This appeal was closed more than %(n)d day ago: new comments are not taken any more.",
        "This appeal was closed more than %(n)d days ago: new comments are not taken any more.",
        COMMENT_DAYS,
    )
    return words % {"n": COMMENT_DAYS}


def _is_long_closed(appeal: Appeal, at: dt.datetime) -> bool:
    return appeal.closed_at is not None and at > appeal.closed_at + dt.timedelta(days=COMMENT_DAYS)


@dataclass(frozen=True)
class Discussion:
    """One page of the comments on an appeal, the oldest first, and how many there are in all.

    ``next`` is the cursor of the page after it, ``begins`` whether this is the first one.
    """

    comments: list[Comment]
    count: int
    begins: bool
    next: Cursor | None


def discussion_of(comments: CommentQuerySet, asked: PageRequest) -> Discussion:
    """The page of these comments, those of an appeal, in ``OLDEST_FIRST``; at most two queries."""
    page = OLDEST_FIRST.page(comments, asked)
    whole = asked.after is None and page.next is None
    return Discussion(
        page.rows, len(page.rows) if whole else comments.count(), asked.after is None, page.next
    )


def page_asked(text: str) -> PageRequest:
    """The page of a reader of ``COMMENTS_PAGE`` that follows the cursor, empty for the first one. Raises ``ValueRefused``."""
    return PageRequest(COMMENTS_PAGE, cursor_in(text, OLDEST_FIRST) if text else None)


def page_with(comment: Comment) -> str:
    """The cursor of the page on which the comment stands, as ``page_asked`` reads it; at most two queries."""
    before = Comment.objects.shown().filter(appeal=comment.appeal_id, pk__lt=comment.pk).order_by("pk")
    pages = before.count() // COMMENTS_PAGE
    return str(OLDEST_FIRST.cursor_at(before[pages * COMMENTS_PAGE - 1])) if pages else ""
