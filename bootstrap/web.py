"""The web processes: several on one listening socket; ``python -m bootstrap.web`` runs only them, for a container."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
import time

from bootstrap import variables
from bootstrap.console import Stop
from bootstrap.supervisor import Program, Supervisor

PROCESSES = 2
#: Seconds the server of a killed predecessor may hold the port.
PORT_PATIENCE_S = 8.0
#: Connections that wait for a process to take them, as while all are being started again.
BACKLOG = 1024


def options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser with ``--host`` and ``--port``; default: this machine only, port 8000."""
    parser.add_argument("--port", type=port_number, default=8000, help="port of the site (8000)")
    parser.add_argument(
        "--host",
        type=lambda text: text.removeprefix("[").removesuffix("]"),
        default="127.0.0.1",
        help="address to listen on (127.0.0.1: this machine only; 0.0.0.0: the network too)",
    )
    return parser


def port_number(text: str) -> int:
    """Raises ``argparse.ArgumentTypeError`` with what would be right."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number from 1 to 65535")
    return int(text)


def listen(host: str, port: int) -> socket.socket:
    """The socket that all web processes share.

    It outlives each of them: while they are started again, those who call wait instead of being refused.
    Raises ``Stop`` if the address does not exist or the port stays in use; the server of a killed predecessor
    gets time to exit.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise Stop(
            f"--host {host}: {getattr(error, 'strerror', error)}. It must be an address of this machine: "
            "127.0.0.1, 0.0.0.0 or one that `hostname -I` lists.",
            2,
        ) from None
    deadline = time.monotonic() + PORT_PATIENCE_S
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
            return listener
        except PermissionError:
            listener.close()
            raise Stop(
                f"Port {port} is reserved for root. Choose another:\n    ./manage.py up --port 8000"
            ) from None
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRNOTAVAIL:
                raise Stop(
                    f"--host {host} is no address of this machine. Those are 127.0.0.1, 0.0.0.0 and what "
                    "`hostname -I` lists.",
                    2,
                ) from None
            if time.monotonic() > deadline:
                raise Stop(
                    f"Port {port} on {host} cannot be used: {error.strerror}. Choose another:\n"
                    f"    ./manage.py up --port {port + 1}"
                ) from None
        time.sleep(0.2)


def programs(listener: socket.socket) -> list[Program]:
    """The web processes on this socket; each lives and dies by itself."""
    number = listener.fileno()
    command = [sys.executable, "-m", "config.server", str(number)]
    return [Program(f"web process {n}", command, files=(number,)) for n in range(1, PROCESSES + 1)]


def main(arguments: list[str]) -> int:
    """Serves until told to stop."""
    chosen = options(argparse.ArgumentParser(prog="python -m bootstrap.web")).parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        variables.check(os.environ)
        listener = listen(chosen.host, chosen.port)
    except variables.Wrong as wrong:
        print(wrong, file=sys.stderr, flush=True)
        return 2
    except Stop as stop:
        print(stop, file=sys.stderr, flush=True)
        return stop.code
    with listener, Supervisor() as supervisor, supervisor.children():
        for program in programs(listener):
            supervisor.start(program)
        return supervisor.watch()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
