"""Letters of a site without a mail server."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.mail import EmailMessage, get_connection

from bootstrap import variables
from config.environment import email


def test_they_are_kept_where_their_owner_alone_reads_them_and_not_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = email(None, tmp_path / "var" / "mail")
    folder = given["EMAIL_FILE_PATH"]
    with get_connection(given["EMAIL_BACKEND"], file_path=str(folder)) as connection:
        connection.send_messages([EmailMessage("Жооп", "secret", to=["a@b.example"])])
    (letter,) = folder.iterdir()
    assert "a@b.example" in letter.read_text(encoding="utf-8")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    said = capfd.readouterr()
    assert said.out + said.err == ""


def test_a_folder_may_be_named(tmp_path: Path) -> None:
    url = variables.EMAIL_URL.read({"EMAIL_URL": f"file://{tmp_path}/letters"})
    assert str(email(url, tmp_path)["EMAIL_FILE_PATH"]) == f"{tmp_path}/letters"
