"""``./manage.py doctor``: what is wrong, and the command that fixes it. Changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator

from bootstrap import catalogues, environment, frontend, packages, postgres, site, variables
from bootstrap.checkout import Checkout, not_writable, written_folders
from bootstrap.cluster import main_cluster, process, stale_process
from bootstrap.console import Stop, as_administrator, note, say
from bootstrap.finding import Finding
from bootstrap.serve import serving

LEAST_FREE_BYTES = 1_000_000_000
PORT = 8000


#: A check yields its findings; none means all is well.
Check = Callable[[Checkout], Iterator[Finding]]


def python_is_supported(checkout: Checkout) -> Iterator[Finding]:
    """The lock files cover certain Python versions (too old a one never gets this far, see manage.py)."""
    if sys.version_info[:2] > environment.NEWEST_PYTHON:
        newest = ".".join(map(str, environment.NEWEST_PYTHON))
        yield Finding(
            f"Python {sys.version.split()[0]} is newer than the requirements are locked for ({newest}).",
            f"rm -rf '{checkout.venv}' && python{newest} manage.py up",
        )


def settings_are_sound(checkout: Checkout) -> Iterator[Finding]:
    """Every environment variable is what it can be."""
    try:
        variables.check(os.environ)
    except variables.Wrong as wrong:
        for fault in wrong.faults:
            yield Finding(fault, "Set it so, or unset it; docs/settings.md lists the settings.")


def folders_are_writable(checkout: Checkout) -> Iterator[Finding]:
    """What is generated goes into var, what people send into the folders of media."""
    for folder, remedy in not_writable(written_folders(checkout)):
        yield Finding(f"{folder} is not writable by this user.", remedy)


def disk_has_room(checkout: Checkout) -> Iterator[Finding]:
    """A full disk stops PostgreSQL."""
    given = (variables.MEDIA_ROOT.read(os.environ), variables.UPLOADS_ROOT.read(os.environ))
    folders = [checkout.root, *(folder for folder in (checkout.var, *given) if folder and folder.is_dir())]
    try:
        place = site.find(checkout, main_cluster(checkout).name)
    except Stop:
        place = None
    if place is not None:
        folders.append(place.folder)
    seen = set()
    for folder in folders:
        device = folder.stat().st_dev
        free = shutil.disk_usage(folder).free
        if device not in seen and free < LEAST_FREE_BYTES:
            yield Finding(
                f"The disk of {folder} has only {free / 1e6:.0f} MB left.",
                f"du -xh --max-depth=2 '{folder}' | sort -h | tail",
            )
        seen.add(device)


def something_is_installed(checkout: Checkout) -> Iterator[Finding]:
    """A fresh clone lacks everything, and one command installs it; another goes before for who may not install."""
    if checkout.python.exists():
        return
    needs = (
        [packages.VENV] if variables.DATABASE_URL.is_set(os.environ) else [packages.VENV, packages.DATABASE]
    )
    lacking = [package for need in needs if not need.there() for package in need.packages]
    if lacking and not packages.may_install():
        yield Finding(
            f"System packages are missing, and this user may not install them: {', '.join(lacking)}.",
            packages.install_line(lacking),
        )
        yield Finding("Nothing is installed in this clone yet.", "./manage.py up installs the rest")
    else:
        yield Finding("Nothing is installed in this clone yet.", "./manage.py up installs all of it")


def environment_is_current(checkout: Checkout) -> Iterator[Finding]:
    """var/venv holds the locked packages."""
    if not environment.current(checkout, ("run",)):
        yield Finding("The Python packages do not match requirements/run.txt.", "./manage.py setup")


def browser_packages_are_current(checkout: Checkout) -> Iterator[Finding]:
    """node_modules holds what package-lock.json names."""
    if not frontend.current(checkout, dev=False):
        yield Finding("The browser packages do not match package-lock.json.", "./manage.py setup")


def catalogues_are_compiled(checkout: Checkout) -> Iterator[Finding]:
    """A stale catalogue shows English, or outdated texts."""
    stale = [str(source.relative_to(checkout.root)) for source in catalogues.stale(checkout.root)]
    if stale:
        more = f" and {len(stale) - 1} more" if len(stale) > 1 else ""
        yield Finding(f"Not compiled since it changed: {stale[0]}{more}.", "./manage.py setup")


def postgresql_is_installed(checkout: Checkout) -> Iterator[Finding]:
    """A private cluster needs the server's programs and PostGIS."""
    if variables.DATABASE_URL.is_set(os.environ) or packages.DATABASE.there():
        return
    found = postgres.installations()
    line = packages.install_line(packages.DATABASE.packages)
    if not found:
        yield Finding("PostgreSQL is not installed.", line)
    elif found[0].major < postgres.OLDEST:
        yield Finding(f"PostgreSQL {found[0].major} is too old: {postgres.OLDEST} or newer is needed.", line)
    else:
        yield Finding(f"PostgreSQL {found[0].major} has no PostGIS.", line)


def cluster_is_sound(checkout: Checkout) -> Iterator[Finding]:
    """The private cluster exists, and its server was not killed."""
    if variables.DATABASE_URL.is_set(os.environ):
        return
    try:
        site.must_not_be_lost(checkout, main_cluster(checkout).name)
    except Stop as stop:
        yield Finding(str(stop), "Mount its disk, then ./manage.py up")
        return
    try:
        place = site.find(checkout, main_cluster(checkout).name)
    except Stop as stop:
        yield Finding(str(stop), as_administrator("./manage.py doctor"))
        return
    if place is None:
        yield Finding("There is no database yet.", "./manage.py up", serious=False)
        return
    major = int((place.folder / "data" / "PG_VERSION").read_text(encoding="ascii"))
    if postgres.of_major(major) is None:
        yield Finding(
            f"The database in {place.folder} needs PostgreSQL {major}, which is not installed.",
            as_administrator(f"apt-get install -y postgresql-{major} postgresql-{major}-postgis-3"),
        )
    gone = stale_process(place)
    if gone is not None:
        yield Finding(f"The database server (pid {gone}) was killed.", "./manage.py up", serious=False)
    elif process(place) is None:
        yield Finding(
            "The database is not running; it starts with the site.", "./manage.py up", serious=False
        )


def no_cluster_is_astray(checkout: Checkout) -> Iterator[Finding]:
    """Databases outside a checkout remain when the checkout goes; only a person knows whether it was deleted."""
    for stray in site.strays(checkout):
        yield Finding(
            f"{stray.folder} is the database of a clone that is no longer in {stray.last_seen.parent}.",
            "Was it moved? Run ./manage.py up where it is now. Only if you deleted it is its database of no more use.",
            serious=False,
        )


def secret_key_is_secret(checkout: Checkout) -> Iterator[Finding]:
    """Anyone who can read the key can forge sessions."""
    path = checkout.var / "secret.key"
    if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(f"{path} can be read by others.", f"chmod 600 '{path}'")
    key = variables.SECRET_KEY.read(os.environ)
    anew = 'export SECRET_KEY="$(python3 -c "import secrets; print(secrets.token_urlsafe(64))")"'
    if variables.DATABASE_URL.is_set(os.environ) and key is None:
        yield Finding("DATABASE_URL is set but SECRET_KEY is not: each machine would generate its own.", anew)
    if key is not None and variables.is_guessable(key):
        yield Finding(variables.GUESSABLE, anew)


def port_is_free(checkout: Checkout) -> Iterator[Finding]:
    """Nothing else listens on the site's port."""
    if serving(checkout):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            yield Finding(f"Another program listens on port {PORT}.", f"./manage.py up --port {PORT + 80}")


def browser_is_installed(checkout: Checkout) -> Iterator[Finding]:
    """Only the tests need it."""
    if packages.browser() is None:
        yield Finding(
            "Chromium is not installed; only the browser tests need it.",
            packages.install_line(packages.BROWSER.packages),
            serious=False,
        )


def the_city_is_sound(checkout: Checkout) -> Iterator[Finding]:
    """What only Django can check: system checks, the database, migrations, the worker."""
    if not environment.inside(checkout) or list(settings_are_sound(checkout)):
        return
    from bootstrap import doctor_inside

    yield from doctor_inside.examine(checkout)


#: What can be wrong before anything is installed.
MACHINE: tuple[tuple[str, Check], ...] = (
    ("Python", python_is_supported),
    ("settings", settings_are_sound),
    ("var/", folders_are_writable),
    ("disk", disk_has_room),
    ("databases of other clones", no_cluster_is_astray),
    ("secret key", secret_key_is_secret),
    ("port", port_is_free),
    ("installation", something_is_installed),
)
#: What can be wrong with what is installed.
INSTALLED: tuple[tuple[str, Check], ...] = (
    ("Python packages", environment_is_current),
    ("browser packages", browser_packages_are_current),
    ("translations", catalogues_are_compiled),
    ("PostgreSQL and PostGIS", postgresql_is_installed),
    ("private database", cluster_is_sound),
    ("browser for tests", browser_is_installed),
    ("the city", the_city_is_sound),
)


def run(checkout: Checkout, arguments: list[str]) -> int:
    """Prints the outcome of every check; exit code 1 if anything serious was found."""
    if arguments:
        raise Stop("./manage.py doctor takes no arguments.", 2)
    serious = 0
    for title, check in MACHINE + (INSTALLED if checkout.python.exists() else ()):
        try:
            findings = list(check(checkout))
        except Exception as error:  # a check that crashes has found something too
            findings = [
                Finding(f"could not be checked: {type(error).__name__}: {error}", "./manage.py check")
            ]
        if not findings:
            say(f"  ok  {title}")
        for finding in findings:
            serious += finding.serious
            note(f"{title}: {finding.problem}", mark="!!" if finding.serious else "--")
            say(f"        {finding.remedy}")
    say("\nAll is well." if not serious else f"\n{serious} to fix: run the command under each.")
    if not serving(checkout):
        say("The city is closed: ./manage.py up opens it.")
    return 1 if serious else 0
