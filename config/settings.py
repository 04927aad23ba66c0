"""Django settings, read from the environment; docs/settings.md lists the variables."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured

from bootstrap import variables
from config import environment, gis_libraries
from config.city import CITY, INTERFACE_LANGUAGES, PROJECT_ROOT

BASE_DIR = PROJECT_ROOT
VAR_DIR = variables.VAR_DIR.read(os.environ)

DEBUG = variables.DEBUG.read(os.environ)
SECRET_KEY = variables.SECRET_KEY.read(os.environ) or ""
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set; ./manage.py makes one, a server of your own must name one"
    )

#: URL at which people reach the site; links in messages are built from it.
_public = variables.PUBLIC_URL.read(os.environ)
PUBLIC_URL = _public.text
PUBLIC_HOST = _public.host
#: True when only this machine reaches the site.
PUBLIC_URL_IS_LOCAL = _public.local
ALLOWED_HOSTS = variables.ALLOWED_HOSTS.read(os.environ) or [_public.host, "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
_https = _public.https
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = _https and variables.SSL_REDIRECT.read(os.environ)
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
#: Proxies in front that append to X-Forwarded-For: otherwise everybody would be counted as one sender, the proxy.
TRUSTED_PROXIES = variables.BEHIND_PROXY.read(os.environ)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
#: Limits that the operator has set; those not named have the figures of ``bootstrap.rates``.
LIMITS = variables.LIMITS.read(os.environ)
#: Hashes that the solution of a challenge takes at most (``rates.proofs``), and half as many as a rule.
PROOF_NUMBERS = variables.PROOF_NUMBERS.read(os.environ)
#: Domains that are ones of throw-away addresses or are not, whatever the list of the package says.
THROWAWAY_MAIL = variables.THROWAWAY_MAIL.read(os.environ)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "web.views.errors.csrf_failure"

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "modeltranslation",
    "accounts.apps.CityAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "pgtrigger",
    "rest_framework",
    "rest_framework_gis",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_tasks",
    "django_tasks_db",
    "history",
    "geo",
    "jobs",
    "rates",
    "districts",
    "media",
    "accounts",
    "appeals",
    "news",
    "web",
    "public",
    "desk",
    "reports",
    "opendata",
    "tools",
]

MIDDLEWARE = [
    "web.health.Health",
    "web.caching.RefusalsAreNotKept",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "web.security.ContentSecurityPolicy",
    "web.compression.Compression",
    "web.security.CleanCookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "web.languages.RememberLanguage",
    "web.api.origins.OpenToOrigins",
    "web.api.problems.ApiProblems",
    "web.api.parameters.KnownParameters",
    "web.outage.Outage",
    "web.limits.TooManyRequests",
    "web.security.RequestLimit",
    "django.middleware.common.CommonMiddleware",
    "web.security.FormTokens",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "history.acting.WhoActs",
    "web.uploads.BrowsersOfUploads",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.second_factor.RequireSecondFactor",
    "web.api.keys.ApiKeys",
]

# web.security.FormTokens is Django's CsrfViewMiddleware, which the check looks for under its own name.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "web.folding.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "web.context.site",
            ],
        },
    },
]
# web/ overrides the admin's and allauth's templates, so it must be searched before them.
TEMPLATES[0]["DIRS"] = [BASE_DIR / "web" / "templates"]
FORM_RENDERER = "web.form_renderer.FormRenderer"

_database = variables.DATABASE_URL.read(os.environ)
if _database is None:
    raise ImproperlyConfigured(
        "DATABASE_URL is not set; ./manage.py COMMAND starts the private cluster and sets it"
    )
DATABASES = {"default": environment.database(_database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

GDAL_LIBRARY_PATH = gis_libraries.gdal_library()
GEOS_LIBRARY_PATH = gis_libraries.geos_library()

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "accounts.permissions.RolePermissions",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:queue"
ACCOUNT_LOGOUT_REDIRECT_URL = "public:map"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "accounts.adapter.StaffOnlyAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
# Its own limits are counted in each process and lock a person out; ours are those of ``rates``.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "accounts.forms.LogInForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
}
#: Who must have a second factor.
SECOND_FACTOR = variables.SECOND_FACTOR.read(os.environ)
MFA_ADAPTER = "accounts.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.second_factor.CountedAuthenticateForm",
    "reauthenticate": "accounts.second_factor.CountedReauthenticateForm",
    "activate_totp": "accounts.second_factor.CountedActivateForm",
}
# Whoever invites a person has typed the address; there is nothing to verify.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
# Browsers make keys at https and at localhost alone; the library knows https alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _public.https
# Without one, allauth begins with the host that the request named.
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True

LANGUAGE_CODE = CITY.default_language
LANGUAGES = [(code, INTERFACE_LANGUAGES[code]) for code in CITY.languages]
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SAMESITE = "Lax"
MODELTRANSLATION_DEFAULT_LANGUAGE = CITY.default_language
MODELTRANSLATION_LANGUAGES = tuple(INTERFACE_LANGUAGES)
MODELTRANSLATION_FALLBACK_LANGUAGES = (CITY.default_language, *INTERFACE_LANGUAGES)
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
# The rooms' own translations take precedence over those of packages for the same English text.
LOCALE_PATHS = [
    BASE_DIR / room / "locale"
    for room in (
        "web",
        "public",
        "desk",
        "reports",
        "opendata",
        "news",
        "appeals",
        "accounts",
        "media",
        "districts",
        "rates",
        "geo",
    )
]
USE_TZ = True
TIME_ZONE = CITY.timezone

#: The city's name in each language.
CITY_NAME = dict(CITY.name)
#: Folder of the city's profile, and the source of its map layers.
CITY_FOLDER = CITY.folder
CITY_ATTRIBUTION = dict(CITY.attribution)
#: Under what the open data may be used, and where that is written; empty where the profile does not say.
DATA_LICENCE = {"name": CITY.licence, "url": CITY.licence_url}
#: EPSG code of the CRS in metres for distances and areas.
METRIC_SRID = CITY.metric_srid
#: (west, south, east, north) in EPSG:4326 degrees.
CITY_BOUNDS = CITY.bounds
#: URL of a MapLibre style to draw below the city's own layers; empty: the city's own layers are the whole map.
BASE_MAP_STYLE = variables.BASE_MAP_STYLE.read(os.environ) or CITY.base_map_style
#: Report cells with fewer appeals count in the totals but are not drawn; 1 draws all: every appeal is public.
#: So many independent reports of one appeal are brought to the Mayor's Office at once.
REPORTED_BY_MANY = variables.REPORTED_BY_MANY.read(os.environ)
REPORT_MIN_COUNT = variables.REPORT_MIN_COUNT.read(os.environ)
#: Whether ``seed`` adds invented people and appeals unless told otherwise.
DEMO_DATA = variables.DEMO_DATA.read(os.environ)
#: Country and subdivision whose public holidays the legal clock observes.
CALENDAR_COUNTRY = CITY.calendar_country
CALENDAR_SUBDIVISION = CITY.calendar_subdivision
#: The spans of a working day in which services work.
OFFICE_HOURS = CITY.office_hours

STATIC_URL = "static/"
STATIC_ROOT = variables.STATIC_ROOT.read(os.environ) or VAR_DIR / "static"
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    ("vendor/maplibre-gl", NODE_MODULES / "maplibre-gl" / "dist"),
]
#: The whole of Leaflet is embedded in the heat report's file, so that it opens offline.
LEAFLET_DIST = NODE_MODULES / "leaflet" / "dist"
#: Whether pages load the scripts' bundles, which are made when the static files are collected, or the modules as they lie.
SCRIPTS_ARE_BUNDLED = not DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "web.collecting.StaticFiles"
    },
}
# Files that name each other without the manifest, such as the map library and its worker, have their own names too.
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
MEDIA_URL = "media/"
MEDIA_ROOT = variables.MEDIA_ROOT.read(os.environ) or VAR_DIR / "media"
#: Uploads as received (metadata and all): never served, deleted once re-encoded.
UPLOADS_ROOT = variables.UPLOADS_ROOT.read(os.environ) or VAR_DIR / "uploads"
#: Texts that are read in parts; whatever is lost is made again.
TEXTS_ROOT = VAR_DIR / "texts"
BUNDLE_ROOT = VAR_DIR / "bundle"
#: Long reports that a worker has made, for some hours.
REPORTS_ROOT = VAR_DIR / "reports"
FILE_UPLOAD_PERMISSIONS = 0o644
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
#: The largest possible request: a form without JavaScript that sends ten photos of 40 MB and two videos of 100 MB.
REQUEST_MAX_BYTES = 640 * 1024 * 1024
#: Far more than a form takes: it says itself, in words, that there are too many.
DATA_UPLOAD_MAX_NUMBER_FILES = 60

#: Each queue has its own worker: no task waits for one of another queue.
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["default", "films", "reports", "data"],
    },
}

vars().update(environment.email(variables.EMAIL_URL.read(os.environ), VAR_DIR / "mail"))
DEFAULT_FROM_EMAIL = variables.DEFAULT_FROM_EMAIL.read(os.environ) or f"OshCity <noreply@{_public.host}>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
#: Sender of the envelopes of the outbox's letters; None: as the letters say.
BOUNCES_TO = variables.BOUNCES_TO.read(os.environ)

#: Addresses of push services: those of Chromium, Firefox, Safari and Edge. The server posts notices to no others.
PUSH_SERVICES = [
    r"https://fcm\.googleapis\.com/[^\s?#]+",
    r"https://updates\.push\.services\.mozilla\.com/[^\s?#]+",
    r"https://[a-z0-9-]+\.push\.apple\.com/[^\s?#]+",
    r"https://[a-z0-9-]+\.notify\.windows\.com/\S+",
]

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "web.api.negotiation.NeverRefusing",
    "DEFAULT_SCHEMA_CLASS": "web.api.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "web.api.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OshCity API",
    "DESCRIPTION": "Appeals, districts and services of the city as GeoJSON, for everybody. A program of somebody who works for "
    "the city may bring an API key (`Authorization: Bearer KEY`, or the password of Basic), and reads what that person may see; "
    "a key that is not good is answered with 401, one that does not open the address with 403.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "web.api.openapi.with_null_as_a_type",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    # Nothing here needs to be logged in for.
    "AUTHENTICATION_WHITELIST": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

_to_line = structlog.dev.ConsoleRenderer(colors=False) if DEBUG else structlog.processors.JSONRenderer()


def _rendered(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> tuple[tuple[str | bytes], dict[str, Any]]:
    # The traceback is part of the line: logging, told of it too, would print it a second time.
    return (_to_line(logger, method, event),), {"exc_info": None}


structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        _rendered,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"discreet": {"()": "config.logs.Discreet"}},
    "filters": {"visitors": {"()": "config.logs.VisitorsMistakes"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "discreet"}},
    "loggers": {"django.request": {"filters": ["visitors"]}},
    "root": {"handlers": ["stderr"], "level": variables.LOG_LEVEL.read(os.environ)},
}
