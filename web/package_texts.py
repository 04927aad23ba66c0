"""Texts of Django and allauth that staff and residents read, named here so that our own catalogues answer for them.

Our catalogues go before those of the packages (``LOCALE_PATHS``); a message must be asked for in a room to be in its
catalogue.
"""

from django.utils.translation import gettext_noop, pgettext_lazy

LOG_IN = (
    gettext_noop("Successfully signed in as %(name)s."),
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

SECOND_FACTOR = (
    gettext_noop("Code"),
    gettext_noop("Authenticator code"),
    gettext_noop("Name"),
    gettext_noop("Incorrect code."),
    gettext_noop("Master key"),
    gettext_noop("Backup key"),
    gettext_noop("Authenticator app activated."),
    gettext_noop("Authenticator app deactivated."),
    gettext_noop("Security key added."),
    gettext_noop("Security key removed."),
    gettext_noop("A new set of recovery codes has been generated."),
)

#: Django's own Kyrgyz catalogue calls it the father's name.
PEOPLE = (gettext_noop("last name"),)

#: Kyrgyz writes the names of months in lower case.
MONTHS = (
    pgettext_lazy("alt. month", "January"),
    pgettext_lazy("alt. month", "February"),
    pgettext_lazy("alt. month", "March"),
    pgettext_lazy("alt. month", "April"),
    pgettext_lazy("alt. month", "May"),
    pgettext_lazy("alt. month", "June"),
    pgettext_lazy("alt. month", "July"),
    pgettext_lazy("alt. month", "August"),
    pgettext_lazy("alt. month", "September"),
    pgettext_lazy("alt. month", "October"),
    pgettext_lazy("alt. month", "November"),
    pgettext_lazy("alt. month", "December"),
)
