from __future__ import annotations

import pytest
import structlog


def test_a_traceback_is_logged_once(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        raise ValueError("of the test")
    except ValueError:
        structlog.get_logger().exception("broken")
    (record,) = caplog.records
    assert record.exc_info is None
    assert record.getMessage().count("ValueError: of the test") == 1
