"""What Django's settings make of the environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from bootstrap.variables import DatabaseUrl, EmailUrl

#: libpq's limits, in seconds but for the milliseconds of the last: a network that swallows what is sent ends the
#: connection, also that of a command whose statements may take as long as they like.
_OF_CONNECTIONS: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


def database(url: DatabaseUrl) -> dict[str, Any]:
    """Django's entry for the database. A password that the URL lacks may come from libpq (``PGPASSWORD``)."""
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": url.name,
        "USER": url.user,
        "PASSWORD": url.password,
        "HOST": url.host,
        "PORT": url.port,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**_OF_CONNECTIONS, **url.options},
    }


def email(url: EmailUrl | None, unsent: Path) -> dict[str, Any]:
    """Django's settings for e-mail; without a URL it is kept in the folder ``unsent``."""
    if url is None or url.scheme == "file":
        return {
            "EMAIL_BACKEND": "config.mail.KeptInAFolder",
            "EMAIL_FILE_PATH": url.folder if url else unsent,
        }
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.host,
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": url.user,
        "EMAIL_HOST_PASSWORD": url.password,
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp" and bool(url.user),
        "EMAIL_TIMEOUT": 10,
    }
