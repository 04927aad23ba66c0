#!/usr/bin/env python3
"""The project's one command: ``./manage.py up``, ``./manage.py test``, ``./manage.py doctor``, or any of Django's.

Runs on any Python 3.11 or newer with nothing installed; see bootstrap/.
"""

import os
import sys


def main():
    # No newer syntax in this file: an older Python must get as far as this message.
    if sys.version_info < (3, 11):
        sys.exit(
            "Python 3.11 or newer is needed, this is %d.%d. Debian 12 and Ubuntu 24.04 have one: "
            "/usr/bin/python3 manage.py" % sys.version_info[:2]
        )
    if sys.getfilesystemencoding() != "utf-8":
        # A Latin-1 locale can neither print the city's words nor name its files; so can no child of this process.
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    from bootstrap.commands import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
