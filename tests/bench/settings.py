"""The product's settings with the peers' addresses beside its own, and no brake on many requests."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LIMITS = dict.fromkeys(
    ["submit", "upload", "upload-megabytes", "upload-work", "film-work", "report-work", "data-work"]
)
# One session from the first request to the last: what it has used is lost with it.
DATABASES["default"]["CONN_MAX_AGE"] = None  # noqa: F405
