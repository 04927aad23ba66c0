"""What a demo city shows of the desk beside appeals and answers: works with a day, a question to an author, templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Exists, OuterRef

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.deadlines import city_day
from appeals.models import Appeal, Event
from appeals.vocabulary import Status, Verb
from appeals.workflow import ASK, PLAN
from desk.models import AnswerTemplate
from districts.models import Service

#: Of each kind; the latest appeals that a service has taken in progress.
_EACH: Final = 3
_PLANNED_IN: Final = dt.timedelta(days=5)

_PLANS: Final = {
    "ky": "Бригада ошол күнү чыгып, ишти бүтүрөт.",
    "ru": "В этот день выедет бригада и закончит работу.",
    "en": "A crew comes on that day and finishes the work.",
}
_QUESTIONS: Final = {
    "ky": "Так кайсы жерде экенин жазып, мүмкүн болсо сүрөт кошуп бересизби?",
    "ru": "Уточните, пожалуйста, где именно это находится, и по возможности приложите фото.",
    "en": "Where exactly is it? A photo would help.",
}
_TEMPLATES: Final = {
    "ky": (
        ("Аткарылды", "Саламатсызбы! № {number} кайрылууңуз боюнча иш аткарылды. Билдиргениңиз үчүн рахмат."),
        ("Иш пландалды", "Саламатсызбы! {address} дареги боюнча иш планга киргизилди."),
    ),
    "ru": (
        ("Сделано", "Здравствуйте! По вашему обращению № {number} работа выполнена. Спасибо, что сообщили."),
        ("Работы запланированы", "Здравствуйте! Работы по адресу {address} внесены в план."),
    ),
    "en": (
        ("Done", "Hello! The work for your appeal № {number} has been done. Thank you for telling us."),
        ("Works planned", "Hello! The works at {address} have been put into the plan."),
    ),
}


def show_the_desk(people: Mapping[str, User], now: dt.datetime) -> tuple[int, int, int]:
    """Numbers of appeals whose works are planned, of those whose author is asked, and of templates.

    ``people`` are the representatives by service code.
    """
    known = Exists(Event.objects.filter(appeal=OuterRef("pk"), verb="reopen"))
    taken = Appeal.objects.filter(status=Status.ACCEPTED, hidden=False, due_on__gt=city_day(now))
    taken = taken.exclude(contact__email="", contact__phone="").exclude(known)
    latest = list(taken.select_related("service").order_by("-number")[: 2 * _EACH])
    planned = [_do(PLAN, appeal, people, now, _PLANS) for appeal in latest[::2]]
    asked = [_do(ASK, appeal, people, now, _QUESTIONS) for appeal in latest[1::2]]
    templates = [
        AnswerTemplate(service=service, language=language, title=title, text=text)
        for service in Service.objects.filter(code__in=people)
        for language, known_ones in _TEMPLATES.items()
        for title, text in known_ones
    ]
    return len(planned), len(asked), len(AnswerTemplate.objects.bulk_create(templates))


def _do(
    verb: Verb, appeal: Appeal, people: Mapping[str, User], now: dt.datetime, words: Mapping[str, str]
) -> Appeal:
    given: dict[str, Any] = {"text": words[appeal.language]}
    if verb is PLAN:
        given["planned_on"] = city_day(now) + _PLANNED_IN
    actor = Person(people[appeal.service.code])
    return perform(appeal.pk, verb, actor, version=appeal.version, at=now, **given)
