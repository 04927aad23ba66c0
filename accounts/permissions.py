"""What a role may do in the admin. The membership is the source: whoever leaves the Mayor's Office leaves it there too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model

from accounts.models import User
from accounts.posts import Right
from accounts.roles import standing_of

VIEW: Final = ("view",)
EDIT: Final = ("view", "add", "change")
ALL: Final = (*EDIT, "delete")

_OF_THE_OFFICE: set[str] = set()


def office_may(actions: Iterable[str], *models: type[Model]) -> None:
    """Lets the Mayor's Office do this with rows of the models in the admin; called from a room's ``AppConfig.ready``."""
    _OF_THE_OFFICE.update(
        f"{model._meta.app_label}.{action}_{model._meta.model_name}" for model in models for action in actions
    )


class RolePermissions(BaseBackend):
    """The permissions that come with a membership, beside those that the operator gives to a person."""

    def get_user_permissions(self, user_obj: AbstractBaseUser | AnonymousUser, obj: Any = None) -> set[str]:
        """Those of the Mayor's Office for whoever has a post with them; one query a request."""
        if obj is not None or not isinstance(user_obj, User) or not standing_of(user_obj).may(Right.ADMIN):
            return set()
        return set(_OF_THE_OFFICE)

    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        """True when any of them is of this app."""
        return any(name.startswith(f"{app_label}.") for name in self.get_user_permissions(user_obj))
