"""What a report was made of, as one short text: equal for equal counts and ground, whoever made the report and when."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray


def digest(ground: shapely.Geometry | None = None, **counted: Mapping[Any, int] | NDArray[np.int64]) -> str:
    """SHA-256, in hexadecimal, of the counts and of the outline of the ground.

    Counts are by their keys, in any order, or an array whose places are known from what is counted with it.
    """
    told = hashlib.sha256(shapely.to_wkb(shapely.normalize(ground)) if ground is not None else b"")
    for name, counts in sorted(counted.items()):
        told.update(name.encode())
        if isinstance(counts, np.ndarray):
            told.update(repr(counts.shape).encode() + np.ascontiguousarray(counts, "<i8").tobytes())
        else:
            told.update(orjson.dumps(sorted((str(key), int(n)) for key, n in counts.items())))
    return told.hexdigest()
