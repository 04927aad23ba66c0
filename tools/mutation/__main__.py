"""``python -m tools.mutation``, which ``./manage.py test --mutate`` starts in the environment of the tests."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from tools.mutation.command import run

if __name__ == "__main__":
    scratch = Path(os.environ["MEDIA_ROOT"]).parent
    sys.exit(run(sys.argv[1:], Path.cwd(), scratch, partial(print, flush=True)))
