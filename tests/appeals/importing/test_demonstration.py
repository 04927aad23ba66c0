"""./manage.py seed --demo: a city that looks lived in."""

from __future__ import annotations

import io
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.demo import PUBLISHED_PASSWORD
from accounts.models import Membership, User
from accounts.posts import Post
from appeals.models import Appeal, AppealContact, Attachment, Event, Message, RoutingDecision
from appeals.vocabulary import OPEN_STATUSES
from config.city import CITY
from districts.models import Service
from news.models import NewsItem

COUNT = 120


@pytest.fixture(scope="module")
def folder(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Demo data in the database, rolled back after the module's last test; yields its var folder."""
    root = tmp_path_factory.mktemp("demonstration")
    with (
        override_settings(VAR_DIR=root, MEDIA_ROOT=root / "media"),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        call_command("seed", "--demo", f"--count={COUNT}", stdout=io.StringIO())
        yield root
        transaction.set_rollback(True)


def test_appeals_have_complete_histories(folder: Path) -> None:
    now = timezone.now()
    appeals = Appeal.objects.annotate(recorded=Count("events"))
    assert COUNT - 5 <= len(appeals) <= COUNT
    assert all(appeal.recorded == appeal.version for appeal in appeals)
    assert all(appeal.submitted_at <= now for appeal in appeals)
    assert RoutingDecision.objects.count() == AppealContact.objects.count() == len(appeals)
    assert [appeal.number for appeal in Appeal.objects.order_by("submitted_at", "number")] == sorted(
        appeal.number for appeal in appeals
    )
    assert (now - max(appeal.submitted_at for appeal in appeals)).days < 30
    statuses = Counter(appeal.status for appeal in appeals)
    # Whether any of so few is being worked on just now depends on the day.
    assert min(statuses[status] for status in ("new", "answered", "closed")) > 0
    for appeal in appeals:
        assert (appeal.answered_at is None) == (appeal.status in OPEN_STATUSES)
    assert Event.objects.filter(at__gt=now).count() == 0
    assert not Message.objects.exists()
    # Whoever accepts and answers represents the service the appeal was assigned to.
    done = Event.objects.filter(verb__in=["accept", "answer", "forward"])
    assert done.exists()
    assert not done.exclude(actor__memberships__service=F("service")).exists()
    # A service sees the routed appeal; a forwarded one is with the other service, a proposal with voices enough at the Office.
    for decision in RoutingDecision.objects.filter(appeal__events__verb="submit").select_related("appeal"):
        passed_on = Event.objects.filter(appeal=decision.appeal, verb__in=["forward", "carry"]).exists()
        assert passed_on or decision.service_id == decision.appeal.service_id


def test_people_pictures_and_news(folder: Path) -> None:
    for service in Service.objects.all():
        person = Membership.objects.exclude(post=Post.PLANNER).get(service=service).user
        assert person.email == f"{service.code}@{CITY.code}.example"
        assert person.get_full_name().strip().count(" ") == 1
    logins = (folder / "logins.txt").read_text(encoding="utf-8")
    assert stat.S_IMODE((folder / "logins.txt").stat().st_mode) == 0o600
    password = re.search(r"password (\S+) as", logins)
    assert password is not None
    assert all(person.check_password(password[1]) for person in User.objects.all())
    assert not User.objects.get(is_superuser=True).check_password(PUBLISHED_PASSWORD)
    shown = re.findall(r"(\S+)@", logins)
    with_most = Service.objects.exclude(is_office=True).annotate(n=Count("appeals")).order_by("-n").first()
    assert with_most is not None
    assert shown[:2] == [Service.objects.get(is_office=True).code, with_most.code]
    planner = Membership.objects.get(post=Post.PLANNER)
    assert (planner.user.email, planner.service.is_office) == (f"planner@{CITY.code}.example", True)
    assert all(email in logins for email in User.objects.values_list("email", flat=True))
    picture = Attachment.objects.select_related("appeal").first()
    assert picture is not None
    assert picture.state == "ready"
    assert picture.created_at == picture.appeal.submitted_at
    for file in (picture.large, picture.thumb):
        with file.open("rb") as stream:
            assert stream.read(2) == b"\xff\xd8"
    news = NewsItem.objects.published()
    assert news.count() == NewsItem.objects.count() > 0
    assert all(item.title_ky and item.title_ru and item.title_en and item.picture for item in news)
