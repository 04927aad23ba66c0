"""A page of the comments on an appeal, as the public's page of the appeal and the desk's show it."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils.http import urlencode

from appeals.comments import discussion_of, page_asked, page_with
from appeals.models import Comment
from appeals.querysets import CommentQuerySet
from geo.refusals import Refusals

#: Parameter of the page: the comments that follow this cursor.
COMMENTS_AFTER: Final = "comments"


def discussion_context(request: HttpRequest, comments: CommentQuerySet, page: str) -> dict[str, object]:
    """What ``web/appeal/_comments.html`` needs: the page of these comments that is asked for, and the ways on from it.

    ``page`` is the address without the cursor; what is none is said, and the first page shown. At most two queries.
    """
    refusals = Refusals()
    asked = refusals.read(
        page_asked, request.GET.get(COMMENTS_AFTER, ""), page_asked(""), name=COMMENTS_AFTER
    )
    discussion = discussion_of(comments, asked)
    following = urlencode({COMMENTS_AFTER: str(discussion.next)}) if discussion.next else ""
    return {
        "discussion": discussion,
        "comments_wrong": refusals.errors.get(COMMENTS_AFTER),
        "first_url": "" if discussion.begins else f"{page}#comments",
        "next_url": f"{page}{'&' if '?' in page else '?'}{following}#comments" if following else "",
    }


def address_of(comment: Comment) -> str:
    """Where the public reads it on the page of its appeal; at most two queries."""
    after = page_with(comment)
    query = f"?{urlencode({COMMENTS_AFTER: after})}" if after else ""
    return f"{comment.appeal.get_absolute_url()}{query}#comment-{comment.pk}"
