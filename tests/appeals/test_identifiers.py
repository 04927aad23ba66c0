from __future__ import annotations

import re
import time
import uuid

from hypothesis import given
from hypothesis import strategies as st

from appeals.identifiers import file_uuid7, new_secret, new_uuid7
from appeals.intake.parse import SECRET


def test_new_uuid7_is_of_this_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = new_uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


def test_new_uuid7_never_repeats() -> None:
    assert len({new_uuid7() for _n in range(1_000)}) == 1_000


@given(content=st.binary(min_size=32, max_size=32))
def test_file_uuid7_is_a_function_of_the_appeal_and_the_file(content: bytes) -> None:
    appeal, other = new_uuid7(), new_uuid7()
    made = file_uuid7(appeal, content)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made == file_uuid7(appeal, content)
    assert made != file_uuid7(other, content)
    assert made != file_uuid7(appeal, content[::-1] + b"\0")
    assert made.int >> 80 == appeal.int >> 80


def test_new_secret_is_one_that_intake_takes() -> None:
    secrets = {new_secret() for _n in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(SECRET, secret) for secret in secrets)
