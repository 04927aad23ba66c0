from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffOnlyAdapter(DefaultAccountAdapter):
    """The operator creates accounts; residents follow an appeal by its secret link and never sign up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
