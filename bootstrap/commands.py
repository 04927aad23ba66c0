"""The commands of ``./manage.py``: the project's own, and the way to Django's."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

from bootstrap import catalogues, environment, frontend, packages, variables
from bootstrap import checkout as checkouts
from bootstrap.checkout import Checkout
from bootstrap.cluster import main_cluster
from bootstrap.console import Stop, cause, say

USAGE = """\
./manage.py COMMAND

  up        installs what is missing, starts the database, the server and the worker  (up --help)
  test      runs the tests; arguments go to pytest                                     (test tests/geo -k tile)
  doctor    shows what is wrong on this machine and the command that fixes it
  database  starts the private database, leaves it running and prints its DATABASE_URL
  stop      stops the private database that `database` or a killed process left running
  setup     only installs what is missing                                              (setup --dev: for tests too)

Any other command is Django's; ./manage.py help lists them."""

#: Answered without installing anything; ``help`` is Django's.
HELP = frozenset({"--help", "-h"})

#: Django commands that need no database: the private one is not started for them.
WITHOUT_DATABASE = frozenset({"help", "version", "--version", "collectstatic", "findstatic", "texts"})


def run(arguments: list[str]) -> int:
    """Exit code of the command line."""
    checkout = checkouts.this_checkout()
    try:
        if not arguments or arguments[0] in HELP:
            say(USAGE)
            return 0 if arguments else 2
        own = OWN.get(arguments[0])
        # The doctor names wrong ones itself, stopping needs none, and the tests have their own.
        if own not in (doctor, stop, test):
            variables.check(os.environ)
        return own(checkout, arguments[1:]) if own else django(checkout, arguments)
    except variables.Wrong as wrong:
        faults = "".join(f"\n  {fault}" for fault in wrong.faults)
        print(
            f"The settings are wrong; docs/settings.md lists them all.{faults}", file=sys.stderr, flush=True
        )
        return 2
    except Stop as refusal:
        print(f"\n{refusal}", file=sys.stderr, flush=True)
        return refusal.code
    except BrokenPipeError:
        # Whoever reads has seen enough, such as head; nothing more can be said to them, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        advice = cause(str(error))
        if not advice:
            raise
        print(f"\n{error}\n{advice}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on where this one was.", file=sys.stderr, flush=True)
        return 130


def up(checkout: Checkout, arguments: list[str]) -> int:
    """Installs, prepares, then serves until told to stop."""
    from bootstrap import serve

    options = serve.parse(arguments)
    install(checkout, dev=False, arguments=["up", *arguments])
    return serve.run(checkout, options)


def test(checkout: Checkout, arguments: list[str]) -> int:
    """Installs what the tests need and runs pytest against the test cluster."""
    install(checkout, dev=True, arguments=["test", *arguments])
    from bootstrap import testing

    return testing.run(checkout, arguments)


def setup(checkout: Checkout, arguments: list[str]) -> int:
    """Installs and exits."""
    if arguments not in ([], ["--dev"]):
        raise Stop("./manage.py setup [--dev]", 2)
    install(checkout, dev=bool(arguments), arguments=["setup", *arguments])
    frontend.ensure(checkout, dev=bool(arguments))
    catalogues.compile_stale(checkout.root)
    say("Everything is installed.")
    return 0


def doctor(checkout: Checkout, arguments: list[str]) -> int:
    """Checks everything, changes nothing."""
    if checkout.python.exists() and not environment.inside(checkout):
        environment.re_execute(checkout, ["doctor", *arguments])
    from bootstrap import doctor as checks

    return checks.run(checkout, arguments)


def database(checkout: Checkout, arguments: list[str]) -> int:
    """Starts the private database for other programs."""
    with redirect_stdout(sys.stderr):  # url=$(./manage.py database) must get only the URL
        install(checkout, dev=False, arguments=["database", *arguments])
        cluster = main_cluster(checkout)
        cluster.keep()
        url = cluster.start()
    print(url)
    return 0


def stop(checkout: Checkout, arguments: list[str]) -> int:
    """Stops the private databases, even if programs use them; not below a running city, which would start its own again."""
    from bootstrap import serve
    from bootstrap.cluster import test_cluster

    if serve.serving(checkout):
        raise Stop("The city is running here; end its ./manage.py up first (ctrl-C, or kill and its pid).")
    main_cluster(checkout).release()
    for cluster, what in ((main_cluster(checkout), "database"), (test_cluster(checkout), "test database")):
        say(f"The {what} was stopped." if cluster.stop() else f"The {what} was not running.")
    return 0


def django(checkout: Checkout, arguments: list[str]) -> int:
    """Runs a Django command, with the private cluster unless ``DATABASE_URL`` names a database."""
    install(checkout, dev=False, arguments=arguments)
    catalogues.compile_stale(checkout.root)
    if arguments[0] == "runserver":
        os.environ.setdefault("DEBUG", "1")
        frontend.ensure(checkout, dev=False)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    lead_links_to_the_city(checkout)
    with database_url(checkout, start=arguments[0] not in WITHOUT_DATABASE):
        try:
            execute_from_command_line(["./manage.py", *arguments])
        except ImproperlyConfigured as error:
            raise Stop(str(error), 2) from None
    return 0


def lead_links_to_the_city(checkout: Checkout) -> None:
    """Sets ``PUBLIC_URL`` where it is unset and the city runs here, whatever port it has: commands write links too."""
    from bootstrap import serve

    if not variables.PUBLIC_URL.is_set(os.environ) and (served := serve.served_at(checkout)):
        os.environ["PUBLIC_URL"] = served


@contextmanager
def database_url(checkout: Checkout, *, start: bool = True) -> Iterator[str]:
    """Sets ``DATABASE_URL`` and ``SECRET_KEY`` for the settings where they are unset; yields the URL.

    The private cluster runs as long as the block.
    """
    checkouts.ensure_secret_key(checkout)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if variables.DATABASE_URL.is_set(os.environ):
        yield os.environ["DATABASE_URL"]
    elif not start:
        os.environ["DATABASE_URL"] = "postgres:///not-started"
        yield os.environ["DATABASE_URL"]
    else:
        with main_cluster(checkout).running() as url:
            os.environ["DATABASE_URL"] = url
            yield url


def install(checkout: Checkout, *, dev: bool, arguments: list[str]) -> None:
    """Installs missing system packages and the Python environment, then continues inside that environment."""
    needs = [] if environment.current(checkout, ("run",)) else [packages.VENV]
    if not variables.DATABASE_URL.is_set(os.environ):
        needs.append(packages.DATABASE)
    if dev:
        needs.append(packages.BROWSER)
    checkouts.prepare_var(checkout)
    packages.ensure(needs, logs=checkout.logs)
    environment.ensure(checkout, dev=dev)
    if not environment.inside(checkout):
        environment.re_execute(checkout, arguments)


OWN: dict[str, Callable[[Checkout, list[str]], int]] = {
    "up": up,
    "test": test,
    "setup": setup,
    "doctor": doctor,
    "database": database,
    "stop": stop,
}
