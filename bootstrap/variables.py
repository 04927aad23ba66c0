"""The environment variables that the project reads: what each may be, and what would be right where it is not.

A variable that is set but empty counts as unset: that is how a compose file passes on what nobody has set.
"""

from __future__ import annotations

import enum
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bootstrap.rates import rates_from

_Value = TypeVar("_Value")
_Default = TypeVar("_Default")

ROOT = Path(__file__).resolve().parents[1]
DEMO_CITY = "data/osh"
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: Hosts at which only this machine reaches the site.
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


class SecondFactor(enum.StrEnum):
    """Who must log in with a second step besides the password; everybody may."""

    OFF = "off"
    OFFICE = "office"  #: whoever has a post at the Mayor's Office, heads a service or operates the site
    STAFF = "staff"  #: everybody who works here


class Wrong(ValueError):
    """Variables that cannot be what they are; ``faults`` has a line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Variable(Generic[_Value, _Default]):
    """One variable.

    ``parse`` turns its text into a value, or raises ``ValueError`` with what would be right.
    """

    name: str
    parse: Callable[[str], _Value]
    default: _Default

    def read(self, environ: Mapping[str, str]) -> _Value | _Default:
        """Its value, or ``default`` when it is unset or empty; raises ``Wrong``."""
        text = self._text(environ)
        if not text:
            return self.default
        try:
            return self.parse(text)
        except ValueError as right:
            raise Wrong([f"{self.name}={without_password(text)!r}: must be {right}"]) from None

    def is_set(self, environ: Mapping[str, str]) -> bool:
        """False when it is unset or empty; whether it may be what it is is not asked."""
        return bool(self._text(environ))

    def _text(self, environ: Mapping[str, str]) -> str:
        return environ.get(self.name, "").strip()


@dataclass(frozen=True)
class PublicUrl:
    """Where people reach the site."""

    text: str
    https: bool
    host: str

    @property
    def local(self) -> bool:
        """True when only this machine reaches it."""
        return self.host in LOCAL_HOSTS or self.host.endswith(".localhost")


@dataclass(frozen=True)
class DatabaseUrl:
    """A database; ``options`` are libpq's."""

    name: str
    user: str
    password: str
    host: str
    port: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EmailUrl:
    """Where e-mail goes: a server, or a ``folder``."""

    scheme: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = ""
    folder: str = ""


def without_password(text: str) -> str:
    """The text of a URL with its password, which may hold anything, replaced by stars; any other text as it is."""
    return re.sub(r"(?s)(://[^:/@]*:).*@", r"\1***@", text)


def flag(text: str) -> bool:
    """True for 1, true, yes and on, False for 0, false, no and off."""
    if text.lower() in YES | NO:
        return text.lower() in YES
    raise ValueError("1 (on) or 0 (off)")


def proxies(text: str) -> int:
    """How many servers stand in front: 0 for no, 1 for yes."""
    if text.lower() in YES | NO:
        return int(text.lower() in YES)
    if not re.fullmatch(r"[2-9]", text):
        raise ValueError("1 (on) or 0 (off), or how many proxies stand one behind the other, such as 2")
    return int(text)


def whole(least: int) -> Callable[[str], int]:
    """A whole number that is not less."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
            raise ValueError(f"a whole number, {least} or more")
        return int(text)

    return parse


def level(text: str) -> str:
    """A level of Python's logging, in capitals."""
    if text.upper() not in LEVELS or logging.getLevelName(text.upper()) is None:
        raise ValueError(f"one of {', '.join(LEVELS)}")
    return text.upper()


def second_factor(text: str) -> SecondFactor:
    """Who must have a second factor."""
    if text.lower() not in set(SecondFactor):
        raise ValueError(f"one of {', '.join(SecondFactor)}")
    return SecondFactor(text.lower())


def hosts(text: str) -> list[str]:
    """Host names separated by commas; a leading dot stands for its subdomains, ``*`` for any."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found or not all(
        re.fullmatch(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9a-fA-F:]+\]", one) for one in found
    ):
        raise ValueError(
            "host names separated by commas, without https:// and port: appeals.example.org,localhost"
        )
    return found


def throwaway_mail(text: str) -> dict[str, bool]:
    """Whether each domain, in lower-case ASCII (RFC 3490), is one of throw-away addresses: those with a minus before them are not."""
    found: dict[str, bool] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            domain = part.removeprefix("-").lower().encode("idna").decode("ascii")
        except UnicodeError:
            domain = ""
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain):
            raise ValueError(
                "domains separated by commas, those that are no throw-away ones with a minus: lost.example,-kept.example"
            )
        found[domain] = not part.startswith("-")
    return found


def public_url(text: str) -> PublicUrl:
    """Scheme and host of the site."""
    right = "http:// or https:// and a host, without a path: https://appeals.example.org"
    parts = _split(text, right)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    if (
        parts.scheme not in {"http", "https"}
        or not re.fullmatch(r"[\w.-]+|\[[0-9a-f:]+\]", host)
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
        or parts.username is not None
    ):
        raise ValueError(right)
    return PublicUrl(f"{parts.scheme}://{parts.netloc}", parts.scheme == "https", host)


def database_url(text: str) -> DatabaseUrl:
    """Parts of ``postgres://user:password@host:port/name``; a socket is named in ``?host=/folder``."""
    right = (
        "postgres://user:password@host:port/name, in which / @ : ? # % of the user and the password are written "
        "%2F %40 %3A %3F %23 %25"
    )
    parts = _split(text, right)
    name = unquote(parts.path.removeprefix("/"))
    if (
        parts.scheme not in {"postgres", "postgresql", "postgis"}
        or not name
        or "/" in name
        or "@" in name
        or "@" in parts.query
        or parts.fragment
        or "#" in text
    ):
        raise ValueError(right)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return DatabaseUrl(
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=options.pop("host", parts.hostname or ""),
        port=str(parts.port or ""),
        options=options,
    )


def email_url(text: str) -> EmailUrl:
    """Parts of ``smtp://user:password@host:port``, ``smtps://…`` or ``file:///folder``."""
    right = (
        "smtp://user:password@host:587, smtps://user:password@host or file:///folder, in which / @ : ? # % of the user "
        "and the password are written %2F %40 %3A %3F %23 %25"
    )
    parts = _split(text, right)
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return EmailUrl("file", folder=unquote(parts.path))
    if (
        parts.scheme not in {"smtp", "smtps"}
        or not parts.hostname
        or parts.path not in {"", "/"}
        or parts.query
        or "#" in text
    ):
        raise ValueError(right)
    return EmailUrl(
        parts.scheme, parts.hostname, parts.port, unquote(parts.username or ""), unquote(parts.password or "")
    )


def sender(text: str) -> str:
    """An e-mail address, with or without a name."""
    _, address = parseaddr(text)
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
        raise ValueError("an e-mail address: OshCity <noreply@example.org>")
    return text


def folder(text: str) -> Path:
    """A folder, absolute or relative to the project, which may not exist yet."""
    path = ROOT / text
    if any(part.exists() and not part.is_dir() for part in (path, *path.parents)):
        raise ValueError("a folder; there is a file of that name")
    return path


def city_profile(text: str) -> Path:
    """Folder with a ``profile.toml``, absolute or relative to the project."""
    path = ROOT / text
    if not (path / "profile.toml").is_file():
        raise ValueError(
            f"a folder with a profile.toml, such as {DEMO_CITY}; {path / 'profile.toml'} is not there"
        )
    return path


def style(text: str) -> str:
    """URL of a MapLibre style."""
    right = "the URL of a MapLibre style: https://tiles.example.org/style.json"
    if re.search(r"[{}]|\.(png|jpe?g|webp|pbf|mvt|pmtiles|mbtiles)$", text):
        raise ValueError(f"{right}; these are tiles, which a style names in its sources")
    parts = _split(text, right)
    if not (parts.scheme in {"http", "https"} and parts.hostname) and not re.match(r"/[^/]", text):
        raise ValueError(right)
    return text


def _split(text: str, right: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises ValueError for what is no number
    except ValueError:
        raise ValueError(right) from None
    if re.search(r"\s", text):
        raise ValueError(right)
    return parts


#: Django's own rule (security.W009), which it applies to public servers alone.
_SECRET_LEAST = 50
GUESSABLE = f"SECRET_KEY is shorter than {_SECRET_LEAST} characters, or repeats a few: whoever guesses it can log in as anybody."


def is_guessable(secret_key: str) -> bool:
    """True for a key that is no secret: too short, or of fewer than five different characters."""
    return len(secret_key) < _SECRET_LEAST or len(set(secret_key)) < 5


ALLOWED_HOSTS = Variable("ALLOWED_HOSTS", hosts, None)
BASE_MAP_STYLE = Variable("BASE_MAP_STYLE", style, None)
BEHIND_PROXY = Variable("BEHIND_PROXY", proxies, 0)
BOUNCES_TO = Variable("BOUNCES_TO", sender, None)
CITY_PROFILE = Variable("CITY_PROFILE", city_profile, ROOT / DEMO_CITY)
DATABASE_URL = Variable("DATABASE_URL", database_url, None)
DEBUG = Variable("DEBUG", flag, default=False)
DEFAULT_FROM_EMAIL = Variable("DEFAULT_FROM_EMAIL", sender, None)
DEMO_DATA = Variable("DEMO_DATA", flag, default=False)
EMAIL_URL = Variable("EMAIL_URL", email_url, None)
LIMITS: Variable[Any, Any] = Variable("LIMITS", rates_from, {})
LOG_LEVEL = Variable("LOG_LEVEL", level, "WARNING")
MEDIA_ROOT = Variable("MEDIA_ROOT", folder, None)
PROOF_NUMBERS = Variable("PROOF_NUMBERS", whole(1), 150_000)
PUBLIC_URL = Variable("PUBLIC_URL", public_url, public_url("http://localhost:8000"))
REPORTED_BY_MANY = Variable("REPORTED_BY_MANY", whole(2), 5)
REPORT_MIN_COUNT = Variable("REPORT_MIN_COUNT", whole(1), 1)
SECOND_FACTOR = Variable("SECOND_FACTOR", second_factor, SecondFactor.OFF)
SECRET_KEY = Variable("SECRET_KEY", str, None)
SSL_REDIRECT = Variable("SSL_REDIRECT", flag, default=True)
STATIC_ROOT = Variable("STATIC_ROOT", folder, None)
THROWAWAY_MAIL: Variable[Any, Any] = Variable("THROWAWAY_MAIL", throwaway_mail, {})
UPLOADS_ROOT = Variable("UPLOADS_ROOT", folder, None)
VAR_DIR = Variable("VAR_DIR", folder, ROOT / "var")

#: Every variable, by name.
ALL: tuple[Variable[Any, Any], ...] = (
    ALLOWED_HOSTS,
    BASE_MAP_STYLE,
    BEHIND_PROXY,
    BOUNCES_TO,
    CITY_PROFILE,
    DATABASE_URL,
    DEBUG,
    DEFAULT_FROM_EMAIL,
    DEMO_DATA,
    EMAIL_URL,
    LIMITS,
    LOG_LEVEL,
    MEDIA_ROOT,
    PROOF_NUMBERS,
    PUBLIC_URL,
    REPORTED_BY_MANY,
    REPORT_MIN_COUNT,
    SECOND_FACTOR,
    SECRET_KEY,
    SSL_REDIRECT,
    STATIC_ROOT,
    THROWAWAY_MAIL,
    UPLOADS_ROOT,
    VAR_DIR,
)


def check(environ: Mapping[str, str]) -> None:
    """Raises ``Wrong`` with a line for every variable that cannot be what it is."""
    faults: list[str] = []
    for variable in ALL:
        try:
            variable.read(environ)
        except Wrong as wrong:
            faults += wrong.faults
    if not faults:
        allowed, public = ALLOWED_HOSTS.read(environ), PUBLIC_URL.read(environ)
        if allowed and not _allows(allowed, public.host):
            faults.append(
                f"ALLOWED_HOSTS={environ['ALLOWED_HOSTS']!r}: must include the host of PUBLIC_URL, {public.host!r}"
            )
        secret = SECRET_KEY.read(environ)
        if secret is not None and is_guessable(secret) and not public.local:
            faults.append(f"{GUESSABLE} Other machines reach {public.text}.")
    if faults:
        raise Wrong(faults)


def _allows(allowed: list[str], host: str) -> bool:
    names = [one.lower() for one in allowed]
    return (
        "*" in names
        or host in names
        or any(one.startswith(".") and (host.endswith(one) or host == one[1:]) for one in names)
    )
