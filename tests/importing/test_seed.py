"""./manage.py seed: the profile folder becomes a city, and a demonstration looks lived in."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count, F
from django.utils import timezone
from pytest_django import Settings

from accounts.demo import DEMO_PASSWORD
from accounts.models import Membership, User
from appeals.importing.terms import load_terms
from appeals.models import Appeal, AppealContact, Attachment, CalendarDay, Event, LegalTerm, Message, RoutingDecision
from appeals.workflow import OPEN_STATUSES
from config.city import CITY
from districts.importing.entries import EntryRefused
from districts.importing.reference import load_reference
from districts.models import BoundaryRevision, Category, District, Place, Service, ServiceArea
from news.models import NewsItem

pytestmark = pytest.mark.django_db
COUNT = 120


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.MEDIA_ROOT = tmp_path / "media"


def seed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("seed", *arguments, f"--count={COUNT}", stdout=out)
    return out.getvalue()


def test_the_city_without_a_demonstration(tmp_path: Path) -> None:
    seed("--no-demo")
    assert Service.objects.filter(is_office=True).count() == 1
    assert Service.objects.count() == 26
    assert Category.objects.leaves().exists()
    assert District.objects.filter(kind="city").count() == 1
    assert District.objects.filter(kind="territory", parent__kind="city").count() == 9
    assert ServiceArea.objects.exists()
    assert BoundaryRevision.objects.in_force(timezone.localdate()).count() == 1
    assert LegalTerm.objects.exists()
    assert CalendarDay.objects.exists()
    assert not User.objects.exists()
    assert not Appeal.objects.exists()
    assert not NewsItem.objects.exists()
    assert not (tmp_path / "var").exists()
    place = Place.objects.exclude(aliases="").first()
    assert place is not None
    for name in (place.name_ky, place.name_ru, place.name_en, place.aliases.split(";")[0]):
        assert name.lower() in place.search


def test_the_demonstration_is_lived_in(tmp_path: Path) -> None:
    seed("--demo")
    now = timezone.now()
    appeals = Appeal.objects.annotate(told=Count("events"))
    assert COUNT - 5 <= len(appeals) <= COUNT
    assert all(appeal.told == appeal.version for appeal in appeals)
    assert all(appeal.submitted_at <= now for appeal in appeals)
    assert RoutingDecision.objects.count() == AppealContact.objects.count() == len(appeals)
    assert [appeal.number for appeal in Appeal.objects.order_by("submitted_at", "number")] == sorted(
        appeal.number for appeal in appeals
    )
    assert (now - max(appeal.submitted_at for appeal in appeals)).days < 30
    statuses = Counter(appeal.status for appeal in appeals)
    assert min(statuses[status] for status in ("new", "accepted", "answered", "closed")) > 0
    for appeal in appeals:
        assert (appeal.answered_at is None) == (appeal.status in OPEN_STATUSES)
    assert Event.objects.filter(at__gt=now).count() == 0
    assert not Message.objects.exists()
    # Whoever accepts and answers speaks for the service that the appeal was with.
    done = Event.objects.filter(verb__in=["accept", "answer", "forward"])
    assert done.exists()
    assert not done.exclude(actor__memberships__service=F("service")).exists()
    # A service sees the routed appeal; a forwarded one is with the other.
    for decision in RoutingDecision.objects.filter(appeal__events__verb="submit").select_related("appeal"):
        forwarded = Event.objects.filter(appeal=decision.appeal, verb="forward").exists()
        assert forwarded or decision.service_id == decision.appeal.service_id


def test_people_pictures_and_news_of_the_demonstration(tmp_path: Path) -> None:
    seed("--demo")
    for service in Service.objects.all():
        person = Membership.objects.get(service=service).user
        assert person.email == f"{service.code}@{CITY.code}.example"
        assert person.get_full_name().strip().count(" ") == 1
    operator = User.objects.get(is_superuser=True)
    assert operator.check_password(DEMO_PASSWORD)
    logins = (tmp_path / "var" / "logins.txt").read_text(encoding="utf-8")
    assert DEMO_PASSWORD in logins
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


def test_seeding_again_changes_nothing() -> None:
    seed("--no-demo")
    assert seed("--demo") == ""
    assert not User.objects.exists()
    assert Service.objects.count() == 26


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the city's folder with one text replaced in one file."""
    copy = folder / "city"
    shutil.copytree(CITY.folder, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "drawing"))
    file = copy / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("services.toml", "office = true", "office = false", "one service must have office = true; there are 0"),
        ("services.toml", 'code = "tazalyk"', 'code = "meria"', r"\[\[service\]\] 2 \(meria\): another entry"),
        ("services.toml", 'code = "tazalyk"', 'code = "таза лык"', "Latin letters"),
        ("services.toml", "office = false", 'office = "no"', "office must be true or false"),
        ("services.toml", "name_ky = ", "name_kk = ", "services.toml: .* name_ky is missing"),
        ("services.toml", "[[service]]", "[[service]", "services.toml: "),
        ("categories.toml", 'service = "joldor"', 'service = "nobody"', r"\(roads\): service 'nobody' is no service"),
        ("categories.toml", 'parent = "roads"', 'parent = "nothing"', r"\(potholes\): parent 'nothing' is no category"),
        ("categories.toml", 'code = "roads"', 'code = "roads"\nparent = "waste"', "has a parent itself"),
        ("districts.geojson", '"kind":"city"', '"kind":"territory"', "kind city"),
        ("districts.geojson", '"parent":"osh"', '"parent":"moon"', "is no district"),
        ("districts.geojson", '"kind":"territory"', '"kind":"moon"', "kind must be one of"),
        ("districts.geojson", "72.8", "172.8", r"feature \d+ \([\w-]+\): "),
        ("districts.geojson", '"type":"FeatureCollection"', '"type":', "districts.geojson: "),
        ("service_areas.geojson", '"service":"tazalyk"', '"service":"nobody"', "feature 1 .*'nobody' is no service"),
        ("service_areas.geojson", '"categories":["', '"categories":["nothing","', "'nothing' among its categories"),
        ("service_areas.geojson", '"categories":["', '"categories":[1,"', "categories must be a list of codes"),
        ("service_areas.geojson", '"valid_from":null', '"valid_from":"soon"', "valid_from must be a date"),
        ("service_areas.geojson", '"priority":0', '"priority":"high"', "priority must be a whole number"),
        ("gazetteer.csv", "sulaiman-too\n", "moon\n", "gazetteer.csv: line 2: district 'moon'"),
        ("gazetteer.csv", ",72.7", ",2.7", r"gazetteer.csv: line \d+: "),
    ],
)
def test_a_folder_that_contradicts_itself(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    with pytest.raises(EntryRefused, match=words):
        load_reference(edited(tmp_path, name, old, new))
    assert not Service.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("working_days = 14", "working_days = 0", "between 1 and 366"),
        ("working_days = 14", 'working_days = 14\nkind = "wish"', "kind must be one of"),
        ("[[term]]", "[[terms]]", r"at least one \[\[term\]\]"),
        ("valid_from = 2007-05-04", "", "valid_from is missing"),
        ("working = true", "working = 1", "true or false"),
    ],
)
def test_terms_that_cannot_be(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(EntryRefused, match=words):
        load_terms(edited(tmp_path, "terms.toml", old, new))
