"""Which data folder a command works on."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from dashboard.cli.data_option import say_warnings, used_folder
from dashboard.data_folder.folder import LOCK_FILE
from dashboard.settings_loading import Loaded, load


def loaded(**flags: object) -> Loaded:
    return load({name: str(value) for name, value in flags.items()}, {}, None)


def used(path: Path) -> Path:
    path.mkdir(mode=0o700)
    (path / LOCK_FILE).touch()
    return path


def test_a_folder_that_a_server_has_used_is_taken_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = used(tmp_path / "data")
    assert used_folder(loaded(data=folder), running=list) == folder
    assert capsys.readouterr().err == f"Data folder: {folder}\n"


def test_a_folder_that_was_named_must_be_one_or_new(tmp_path: Path) -> None:
    named = loaded(data=tmp_path / "none")
    with pytest.raises(click.ClickException, match="is not a server's data folder"):
        used_folder(named, running=lambda: [tmp_path])
    assert used_folder(named, new=True, running=list) == tmp_path / "none"


def test_without_a_name_the_only_running_server_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    unnamed = loaded()
    folder = used_folder(unnamed, running=lambda: [tmp_path / "one"])
    assert folder == tmp_path / "one"
    with pytest.raises(click.ClickException, match="servers run on"):
        used_folder(unnamed, running=lambda: [tmp_path / "one", tmp_path / "two"])


def test_what_others_can_read_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = used(tmp_path / "data")
    say_warnings(loaded(data=folder))
    assert capsys.readouterr().err == ""
    folder.chmod(0o755)
    say_warnings(loaded(data=folder))
    assert capsys.readouterr().err.startswith("warning: ")
