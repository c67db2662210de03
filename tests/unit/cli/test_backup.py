"""Backup and restore of a data folder. Backups beside a running server are in tests/faults/test_backup.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli.backup import backup, restore
from dashboard.cli.people import token_group


def run(command: object, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [*map(str, arguments)])  # type: ignore[arg-type]  # a command of click


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    assert run(token_group, "create", "ci", "--new", "--data", made).exit_code == 0
    return made


def test_a_backup_brings_back_what_was_there(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar"
    done = run(backup, file, "--data", folder)
    assert (done.exit_code, f"{file}: " in done.stdout, "people.sqlite3" in done.stdout) == (0, True, True)
    again = run(backup, file, "--data", folder)
    assert (again.exit_code, run(backup, file, "--replace", "--data", folder).exit_code) == (1, 0)
    checked = run(restore, file, "--check")
    assert f"{file} is complete" in checked.stdout
    other = tmp_path / "other"
    back = run(restore, file, "--data", other)
    assert (back.exit_code, back.stdout.startswith("Restored ")) == (0, True)
    assert run(token_group, "list", "--data", other).stdout == run(token_group, "list", "--data", folder).stdout
    over = run(restore, file, "--data", folder)
    assert "The earlier files are in" in over.stdout


def test_a_file_that_is_no_backup_changes_nothing(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.tar"
    file.write_bytes(b"no archive at all")
    before = run(token_group, "list", "--data", folder).stdout
    for arguments in ((file, "--check"), (file, "--data", folder)):
        assert run(restore, *arguments).exit_code == 1
    assert run(token_group, "list", "--data", folder).stdout == before
