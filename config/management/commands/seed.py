"""``./manage.py seed``: fills the database with the city of the profile folder and, optionally, demo data."""

from __future__ import annotations

import datetime as dt
import random
import time
from argparse import ArgumentParser, BooleanOptionalAction
from functools import cache
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone, translation

from accounts.demo import OPERATOR, PLANNER, demo_email, make_demo_people, new_password
from accounts.models import User
from appeals.importing.demonstration import comment_on_proposals, support_proposals, write_demonstration
from appeals.importing.terms import load_comment_rules, load_grounds, load_terms, load_thresholds
from bootstrap.prepare import pending_migrations
from config.checks import PROFILE
from config.city import CITY
from desk.demo import show_the_desk
from districts.importing.entries import EntryRefused, toml_entries
from districts.importing.reference import load_attributes, load_reference
from districts.installed import AnotherCity, install_city, installed_city
from districts.models import InstalledCity, Service
from media.photos import prepare_photo
from news.importing import load_news

#: Arbitrary, but the same for every seeding process, so that they wait for each other.
_LOCK: Final = 7_166_321
_CHANCE: Final = 2016


class Command(BaseCommand):
    requires_system_checks = [Tags.database, Tags.models, PROFILE]
    help = (
        "Fills an empty database with the city of the profile folder: tables, services, categories, borders, gazetteer, "
        "legal terms; with --demo also user accounts, news and appeals with answers. Changes nothing if the city already "
        "exists; refuses a database that holds another city."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action=BooleanOptionalAction,
            default=settings.DEMO_DATA,
            help="add demo data: invented people and appeals (default: only if DEMO_DATA=1)",
        )
        parser.add_argument("--count", type=int, default=3_000, help="number of demo appeals (3000)")

    def handle(self, *args: Any, demo: bool, count: int, **options: Any) -> None:
        started = time.monotonic()
        if demo and not CITY.file("demo.toml").exists():
            raise CommandError(f"{CITY.folder} has no demo.toml: this city has no demo data. Use --no-demo")
        try:
            if pending_migrations():
                # A database that is another city's is not even brought up to date.
                if InstalledCity._meta.db_table in connection.introspection.table_names():
                    installed_city()
                call_command("migrate", interactive=False, verbosity=0)
            with transaction.atomic(), translation.override(CITY.default_language):
                _wait_for_others()
                if _is_there():
                    self._bring_up_to_date()
                    self._say_what_is_there(demo)
                    return
                self._seed_reference()
                if demo:
                    self._seed_demo(count)
        except AnotherCity as refusal:
            raise CommandError(f"{refusal}. Nothing was changed.") from None
        except EntryRefused as refusal:
            raise CommandError(f"{CITY.folder}: {refusal}") from None
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"Seeded in {time.monotonic() - started:.1f} s")

    def _bring_up_to_date(self) -> None:
        """What the profile says since, and a city that was set up before could not have."""
        if grounds := load_grounds(CITY.folder):
            self.stdout.write(f"New in {CITY.code}: {grounds} grounds for a refusal")
        if thresholds := load_thresholds(CITY.folder):
            self.stdout.write(f"New in {CITY.code}: {thresholds} thresholds of support")
        if rules := load_comment_rules(CITY.folder):
            self.stdout.write(f"New in {CITY.code}: {rules} rules for comments")
        if attributes := load_attributes(CITY.folder):
            self.stdout.write(f"New in {CITY.code}: {attributes} questions of categories")

    def _say_what_is_there(self, demo: bool) -> None:
        self.stdout.write(f"The city {CITY.code} is there already: nothing was changed.")
        if demo and not User.objects.filter(email=demo_email(OPERATOR, CITY.code)).exists():
            self.stdout.write("It has no demo data, which goes only into an empty database.")

    def _seed_reference(self) -> None:
        install_city()
        loaded = load_reference(CITY.folder)
        load_terms(CITY.folder)
        self.stdout.write(
            f"City {CITY.code}: {loaded.services} services, {loaded.categories} categories, "
            f"{loaded.districts} districts, {loaded.areas} service areas, {loaded.places} places"
        )
        if loaded.not_read:
            self.stdout.write(f"Not read, as no files of a profile: {', '.join(loaded.not_read)}")

    def _seed_demo(self, count: int) -> None:
        # The generator is data, not product: a city without demo data runs without the folder.
        from data.demo import draw_picture, generate
        from data.demo.people import someone
        from data.demo.texts import texts

        picture = cache(lambda name: prepare_photo(BytesIO(draw_picture(name))))
        password = new_password()
        people = make_demo_people(
            CITY.code,
            lambda code: someone(random.Random(f"person {code}"))[0],  # noqa: S311
            password,
        )
        now = timezone.now()
        tomorrow = timezone.localdate(now) + dt.timedelta(days=1)
        generated = generate(CITY.folder, _CHANCE, count, until=tomorrow)
        appeals = write_demonstration(generated, people, picture, now)
        support_proposals(now)
        comment_on_proposals({language: texts(language).comments for language in ("ky", "ru")}, now)
        show_the_desk(people, now)
        news = load_news(CITY.folder, lambda name: picture(name).large.data, timezone.localdate(now))
        self.stdout.write(f"Demo data: {len(people)} people, {appeals} appeals, {news} news")
        self._write_logins(people, password)

    def _write_logins(self, people: dict[str, User], password: str) -> None:
        """Writes the logins that ``up`` shows, for this installation's owner alone."""
        # The first are shown by ``up``: those with the most to do.
        busiest = Service.objects.annotate(n=Count("appeals")).order_by("-is_office", "-n", "code")
        notes = {service.code: service.short for service in busiest}
        notes |= {PLANNER: "planner: /desk/scoreboard/", OPERATOR: "operator: /admin/"}
        width = max(len(person.email) for person in people.values())
        lines = [f"Log in with the password {password} as"]
        lines += [
            f"  {people[code].email:<{width}}  {words}" for code, words in notes.items() if code in people
        ]
        file = settings.VAR_DIR / "logins.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.stdout.write(f"Demo logins: {file}")


def _is_there() -> bool:
    """True when the database holds the profile's city; raises ``AnotherCity`` when it holds another."""
    if installed_city() is not None:
        return True
    present = set(Service.objects.values_list("code", flat=True))
    if not present:
        return False
    # Set up without borders before databases knew their city.
    if present.isdisjoint(
        entry.text("code") for entry in toml_entries(CITY.file("services.toml"), "service")
    ):
        raise AnotherCity(f"with the services {', '.join(sorted(present)[:3])} …")
    install_city()
    return True


def _wait_for_others() -> None:
    """Several servers may start on one empty database: one seeds, the others find it seeded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
