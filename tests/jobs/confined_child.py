"""What ``tests.jobs.test_confined`` starts: tells of itself, or ends as it is ordered to."""

from __future__ import annotations

import os
import resource
import signal
from typing import Any

from jobs.confined import obey


def act(order: dict[str, Any]) -> dict[str, Any]:
    match order["do"]:
        case "tell":
            return {
                "environment": sorted(os.environ),
                "limits": [
                    resource.getrlimit(limit)[0] for limit in (resource.RLIMIT_AS, resource.RLIMIT_CORE)
                ],
                "nice": os.nice(0),
            }
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "spin":
            while True:
                pass
        case "wait":
            signal.pause()
        case "unfold":
            bytearray(order["bytes"])
        case "fail":
            raise OSError("the disk is full")
    return {}


if __name__ == "__main__":
    obey(act)
