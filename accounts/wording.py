"""Sentences of allauth and Django that staff read, named here so that our own catalogs answer for them.

Our catalogs go before those of the packages (``LOCALE_PATHS``); a message must be asked for in a room to be in its
catalog.
"""

from django.utils.translation import gettext_noop

SENTENCES = (
    gettext_noop("Email"),
    gettext_noop("Email address"),
    gettext_noop("Password"),
    gettext_noop("Current Password"),
    gettext_noop("New Password"),
    gettext_noop("New Password (again)"),
    gettext_noop("Please type your current password."),
    gettext_noop("Incorrect password."),
    gettext_noop("You must type the same password each time."),
    gettext_noop("The email address and/or password you specified are not correct."),
    gettext_noop("Too many failed login attempts. Try again later."),
)
