"""One letter about all that needs attention, in the place of many."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import ngettext

from appeals.deadlines import city_day
from appeals.models import Appeal, Message
from appeals.vocabulary import Audience, Guard
from appeals.workflow import STAGES, VERBS

#: Services that the letter names; the desk shows all of them.
SERVICES_MAX = 30


def digest_of(message: Message, now: dt.datetime) -> tuple[str, str]:
    """Subject and text in the language that is active, as things stand now: four counts and, for the Mayor's Office,
    what waits to be looked at and the services with the most overdue appeals.
    """
    today, office = city_day(now), message.audience == Audience.OFFICE
    appeals = Appeal.objects.all() if office else Appeal.objects.filter(service=message.about.given_to)
    overdue = appeals.overdue(today)
    running = appeals.running().filter(due_on__gt=today)
    late = overdue.count()
    subject = ngettext("%(n)d appeal is overdue", "%(n)d appeals are overdue", late) % {"n": late}
    to_moderate = appeals.to_moderate().count() if office else 0
    waits = ngettext(
        "%(n)d appeal waits for you to look at it", "%(n)d appeals wait for you to look at them", to_moderate
    ) % {"n": to_moderate}
    about_held = VERBS[message.about.verb].holds
    if about_held:
        subject, waits = waits, subject
    by_service = (
        overdue.order_by().values("service__name").annotate(n=Count("pk")).order_by("-n", "service__name")
    )
    tab = "escalated" if office else "overdue"
    page = reverse("desk:moderation") if about_held else f"{reverse('desk:queue')}?tab={tab}"
    body = render_to_string(
        "appeals/notify/digest.txt",
        {
            "subject": subject,
            "also": waits if to_moderate else "",
            "due_today": appeals.running().filter(due_on=today).count(),
            "most": running.filter(warned=STAGES[Guard.MOST_PASSED]).count(),
            "half": running.filter(warned=STAGES[Guard.HALF_PASSED]).count(),
            "services": list(by_service[:SERVICES_MAX]) if office else [],
            "link": f"{settings.PUBLIC_URL}{page}",
            "city": settings.CITY_NAME.get(message.language, ""),
        },
    )
    return subject, body
