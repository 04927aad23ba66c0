"""The posts that people have, and what each is for beside appeals. ``accounts.roles`` turns them into permissions."""

from __future__ import annotations

import enum

from django.db import models
from django.utils.translation import gettext_lazy as _

from districts.models import Service


class Post(models.TextChoices):
    """What somebody is at a service or at the Mayor's Office."""

    REPRESENTATIVE = "representative", _("Representative")
    HEAD = "head", _("Head of service")
    DISPATCHER = "dispatcher", _("Dispatcher")
    MODERATOR = "moderator", _("Moderator")
    PLANNER = "planner", _("Planner")
    ADMINISTRATOR = "administrator", _("Administrator")


_OF_A_SERVICE = (Post.REPRESENTATIVE, Post.HEAD)
_OF_THE_OFFICE = (Post.REPRESENTATIVE, Post.DISPATCHER, Post.MODERATOR, Post.PLANNER, Post.ADMINISTRATOR)


def posts_at(service: Service) -> tuple[Post, ...]:
    """The posts that there are at the service."""
    return _OF_THE_OFFICE if service.is_office else _OF_A_SERVICE


class Right(enum.Enum):
    """What somebody may do beside working on appeals."""

    FIGURES = enum.auto()  #: sees the scoreboard of all services
    ADMIN = enum.auto()  #: keeps the city's data in the admin, and its working days at the desk
    NEWS = enum.auto()  #: writes the news and planned works
    OWN_PEOPLE = enum.auto()  #: invites and dismisses people of the own service
    PEOPLE = enum.auto()  #: does so everywhere, and says who is what
    #: takes an appeal's whole file, with all personal data, for whoever checks the city's work; sees who changed what
    FILES = enum.auto()
