"""Asks a server on this machine whether it is well: for ``up``, and for a container's health check."""

from __future__ import annotations

import http.client
import os
import sys

from bootstrap import variables

#: Seconds a server may take to answer.
PATIENCE_S = 5.0


def ask(host: str, port: int) -> int:
    """Status of ``/healthz`` at the address a server listens on, asked for under the site's public name.

    Raises ``OSError`` if nobody answers.
    """
    wildcards = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what the server listens on
    connection = http.client.HTTPConnection(wildcards.get(host, host), port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/healthz", headers={"Host": variables.PUBLIC_URL.read(os.environ).host})
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(str(error)) from None
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    """0 when the server on the port named is well, 1 when it is not."""
    try:
        status = ask("127.0.0.1", int(arguments[0]))
    except OSError as error:
        print(error)
        return 1
    print(status)
    return 0 if status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
