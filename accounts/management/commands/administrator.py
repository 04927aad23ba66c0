"""``./manage.py administrator``: who looks after people in a city that has nobody to do so yet."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts.invitations import password_link
from accounts.models import PersonChange, User
from accounts.people import appoint, record
from accounts.posts import Post
from districts.models import Service


class Command(BaseCommand):
    help = (
        "Makes the person of this e-mail address an administrator of the Mayor's Office, who invites everybody else at the "
        "desk. Prints a link to choose a password for whoever has none; it holds for three days and once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    def handle(self, *args: Any, email: str, first_name: str, last_name: str, **options: Any) -> None:
        email = email.strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is no e-mail address. Nothing was changed.") from None
        office = Service.objects.office()
        if office is None:
            raise CommandError("There is no Mayor's Office yet: ./manage.py seed. Nothing was changed.")
        with transaction.atomic():
            person = User.objects.select_for_update().filter(email=email).first()
            if person is None:
                person = User.objects.create_user(email, first_name=first_name, last_name=last_name)
                record(person, person, PersonChange.What.INVITED)
            elif not person.is_active:
                raise CommandError(f"{email} is deactivated. Nothing was changed.")
            appoint(person, person, office, Post.ADMINISTRATOR)
        self.stdout.write(f"{email} is an administrator of the Mayor's Office.")
        if not person.has_usable_password():
            self.stdout.write(f"Password: {password_link(person)}")
