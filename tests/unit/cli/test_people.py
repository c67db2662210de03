"""Commands for users and tokens, on a data folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli.people import token_group, user

PASSWORD = "correct horse battery\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def users(folder: Path, *arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(user, [*arguments, "--data", str(folder)], input=said)


def tokens(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(token_group, [*arguments, "--data", str(folder)])


def test_a_user_is_added_changed_listed_and_deleted(folder: Path) -> None:
    added = users(folder, "add", "ann", "--role", "editor", "--password-stdin", "--new", said=PASSWORD)
    assert (added.exit_code, added.stdout) == (0, "ann is editor\n")
    changed = users(folder, "change", "ann", "--full-name", "Ann B.", "--disable")
    assert changed.stdout == "ann is editor, disabled\n"
    assert users(folder, "list").stdout.split() == ["ann", "editor", "disabled", "Ann", "B."]
    refused = users(folder, "token", "ann")
    assert (refused.exit_code, "there is no user ann" in refused.output) == (1, True)
    users(folder, "change", "ann", "--enable")
    assert users(folder, "token", "ann").stdout.count(".") == 2
    assert users(folder, "delete", "ann").stdout == "ann is deleted\n"
    again = users(folder, "add", "ann", "--password-stdin", said=PASSWORD)
    assert (again.exit_code, "there is, or was, a user ann" in again.output) == (1, True)


def test_a_token_is_shown_when_it_is_made_and_revoked_by_its_id(folder: Path) -> None:
    made = tokens(folder, "create", "ci", "--prefix", "ci.", "--new")
    assert made.stdout.startswith("dsh_")
    listed = tokens(folder, "list").stdout
    assert listed.split()[1:] == ["ci", "write", "ci."]
    assert made.stdout.strip() not in listed
    number = listed.split()[0]
    assert tokens(folder, "revoke", number).stdout == f"{number} is revoked\n"
    assert tokens(folder, "list").stdout == ""
    assert tokens(folder, "revoke", number).exit_code == 1


def test_a_folder_that_no_server_has_used_is_made_only_on_demand(folder: Path) -> None:
    refused = users(folder, "list")
    assert (refused.exit_code, folder.exists()) == (1, False)
    assert "--data FOLDER" in refused.output
