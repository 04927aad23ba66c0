"""The newest appeals of a question as an Atom feed (RFC 4287): whoever reads it is known to nobody."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from appeals.alerts.question import PARAMETERS, parse_question
from config.city import CITY
from geo.refusals import Refused
from public.views.news_feed import without_controls
from web.api.answers import LIVE_S, public_answer
from web.api.origins import open_to_origins
from web.api.problems import bad_parameters
from web.links import public_link
from web.parameters import unknown

#: The newest of the last days; who wants older ones reads the open data.
_ENTRIES: Final = 50
_DAYS: Final = 90


@open_to_origins
@require_safe
def alert_feed(request: HttpRequest) -> HttpResponseBase:
    """The newest public appeals that the parameters ask for, in the language of the address; 400 for parameters that mean nothing."""
    if foreign := unknown(request.GET, PARAMETERS):
        return bad_parameters(foreign)
    try:
        question = parse_question(request.GET)
    except Refused as refusal:
        return bad_parameters(refusal.errors)
    language = get_language() or CITY.default_language
    query = question.as_query()
    feed = Atom1Feed(
        title=_("New appeals: %(where)s; %(about)s") % {"where": question.where(), "about": question.about()},
        link=public_link(f"{reverse('public:alerts')}?{query}"),
        feed_url=public_link(f"{request.path}?{query}"),
        description="",
        language=language,
        author_name=CITY.office.get(language, CITY.code),
    )
    since = timezone.now() - dt.timedelta(days=_DAYS)
    found = question.appeals().filter(submitted_at__gte=since).select_related("category").newest_first()
    for appeal in found[:_ENTRIES]:
        link = public_link(appeal.get_absolute_url())
        feed.add_item(
            title=_("№ %(number)d. %(category)s")
            % {"number": appeal.number, "category": appeal.category.name},
            link=link,
            # The same in each language: a reader of several has it once.
            unique_id=f"urn:uuid:{appeal.pk}",
            description=without_controls(
                linebreaks("\n\n".join(filter(None, [appeal.address, appeal.text])), autoescape=True)
            ),
            pubdate=appeal.submitted_at,
            updateddate=appeal.updated_at,
            categories=[appeal.category.name],
        )
    body = feed.writeString("utf-8").encode()
    return public_answer(request, body, feed.content_type, max_age_s=LIVE_S)
