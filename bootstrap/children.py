"""Programs that do not outlive the one that started them, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def ending_with_us() -> Callable[[], None]:
    """``preexec_fn`` of a child: the kernel sends it SIGTERM when the thread that starts it ends, kill -9 included."""
    parent = os.getpid()
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def end_with_parent() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # the parent was killed between the fork and the line above
                os._exit(1)

    return end_with_parent
