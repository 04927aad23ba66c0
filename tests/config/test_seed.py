"""./manage.py seed: the profile folder becomes a city, or an error says which file is wrong and why."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from appeals.importing.terms import load_terms
from appeals.models import Appeal, CalendarDay, LegalTerm
from config.city import CITY
from districts.importing.entries import EntryRefused
from districts.importing.reference import load_reference
from districts.models import BoundaryRevision, Category, District, Place, Service, ServiceArea
from news.models import NewsItem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.MEDIA_ROOT = tmp_path / "media"


def seed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("seed", *arguments, stdout=out)
    return out.getvalue()


def test_the_city_without_demo_data(tmp_path: Path) -> None:
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


def test_seeding_again_changes_nothing() -> None:
    seed("--no-demo")
    assert seed("--demo") == ""
    assert not User.objects.exists()
    assert Service.objects.count() == 26


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the city's folder with one string replaced in one file."""
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
        (
            "services.toml",
            "office = true",
            "office = false",
            "one service must have office = true; found 0",
        ),
        (
            "services.toml",
            'code = "tazalyk"',
            'code = "meria"',
            r"\[\[service\]\] 2 \(meria\): another entry",
        ),
        ("services.toml", 'code = "tazalyk"', 'code = "таза лык"', "Latin letters"),
        ("services.toml", "office = false", 'office = "no"', "office must be true or false"),
        ("services.toml", "name_ky = ", "name_kk = ", "services.toml: .* name_ky is missing"),
        ("services.toml", "[[service]]", "[[service]", "services.toml: "),
        (
            "categories.toml",
            'service = "joldor"',
            'service = "nobody"',
            r"\(roads\): service 'nobody' is not a service",
        ),
        (
            "categories.toml",
            'parent = "roads"',
            'parent = "nothing"',
            r"\(potholes\): parent 'nothing' is not a category",
        ),
        ("categories.toml", 'code = "roads"', 'code = "roads"\nparent = "waste"', "has a parent itself"),
        ("districts.geojson", '"kind":"city"', '"kind":"territory"', "kind city"),
        ("districts.geojson", '"parent":"osh"', '"parent":"moon"', "is not a district"),
        ("districts.geojson", '"kind":"territory"', '"kind":"moon"', "kind must be one of"),
        ("districts.geojson", "72.8", "172.8", r"feature \d+ \([\w-]+\): "),
        ("districts.geojson", '"type":"FeatureCollection"', '"type":', "districts.geojson: "),
        (
            "service_areas.geojson",
            '"service":"tazalyk"',
            '"service":"nobody"',
            "feature 1 .*'nobody' is not a service",
        ),
        (
            "service_areas.geojson",
            '"categories":["',
            '"categories":["nothing","',
            "'nothing' in its categories",
        ),
        (
            "service_areas.geojson",
            '"categories":["',
            '"categories":[1,"',
            "categories must be a list of codes",
        ),
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
