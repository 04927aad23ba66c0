from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffOnlyAdapter(DefaultAccountAdapter):
    """Accounts are made by the operator: a resident follows an appeal by its secret link and signs up for nothing."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
