"""Data folder: its permissions, its lock, and the detection of lost files."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import click
import pytest

from dashboard.cli.data_option import used_folder
from dashboard.data_folder.folder import (
    INVENTORY_FILE,
    READY_FILE,
    RESTORING,
    DataFolder,
    locked_folders,
    private_database,
    private_file,
    too_wide,
)
from dashboard.domain.errors import ConfigurationError
from dashboard.settings_loading import load


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- who may read it ---


def test_a_new_folder_and_its_files_are_closed_to_others(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "below" / "data")
    folder.make()
    assert mode_of(folder.path) == 0o700
    assert mode_of(private_file(folder.path / "new")) == 0o600
    assert too_wide(folder.path) == ""


def test_older_files_are_closed_and_an_older_folder_is_warned_of(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    for name in ("people.sqlite3", "people.sqlite3-wal", "people.sqlite3-shm"):
        (folder / name).touch(mode=0o644)
    private_database(folder / "people.sqlite3")
    assert {mode_of(each) for each in folder.iterdir()} == {0o600}
    DataFolder(folder).make()
    assert mode_of(folder) == 0o755  # its owner may have a reason
    assert f"(mode 0755); chmod 700 {folder}" in too_wide(folder)


# --- who holds it ---


def test_one_server_holds_a_folder_and_several_workers_share_one(tmp_path: Path) -> None:
    one, other = DataFolder(tmp_path), DataFolder(tmp_path)
    one.lock()
    for shared in (False, True):
        with pytest.raises(ConfigurationError, match="another dashboard server is using this folder"):
            other.lock(shared=shared)
    one.release()
    one.lock(shared=True)
    other.lock(shared=True)
    with pytest.raises(ConfigurationError, match="another dashboard server"):
        DataFolder(tmp_path).lock()
    one.release()
    other.release()


def test_a_running_servers_folder_is_found_by_its_lock(tmp_path: Path) -> None:
    assert tmp_path not in locked_folders()
    folder = DataFolder(tmp_path)
    folder.lock()
    assert tmp_path in locked_folders()
    folder.release()
    assert tmp_path not in locked_folders()
    assert locked_folders(tmp_path / "no-proc") == []


def test_a_folder_whose_restore_was_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / RESTORING).mkdir()
    DataFolder(tmp_path).make()  # nothing has been replaced yet
    (tmp_path / RESTORING / READY_FILE).touch()
    with pytest.raises(ConfigurationError, match="was interrupted; run it again: dashboard restore FILE"):
        DataFolder(tmp_path).make()


# --- that it is there ---


def test_a_folder_that_is_deleted_replaced_or_moved_is_a_fault_until_it_is_back(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.lock()
    private_file(folder.path / "journal.sqlite3")
    folder.watch("journal.sqlite3")
    folder.look()
    assert folder.fault == ""
    folder.path.rename(tmp_path / "moved")
    folder.look()
    assert "was removed while the server runs" in folder.fault
    assert str(folder.path) not in folder.fault  # everybody may read it
    (tmp_path / "moved").rename(folder.path)
    folder.look()
    assert folder.fault == ""
    shutil.rmtree(folder.path)
    folder.make()
    for name in ("journal.lock", "journal.sqlite3"):
        private_file(folder.path / name)
    folder.look()
    assert "journal.lock was replaced while the server runs; restart the server" in folder.fault
    folder.release()


def test_a_part_that_was_lost_is_refused_with_the_cure(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.check_not_lost("people.sqlite3", "the users")  # never there
    (tmp_path / "people.sqlite3").write_text("x")
    folder.note("people.sqlite3")
    folder.check_not_lost("people.sqlite3", "the users")
    (tmp_path / "people.sqlite3").write_text("")
    with pytest.raises(ConfigurationError, match="is empty, and it held the users: restore a backup"):
        folder.check_not_lost("people.sqlite3", "the users")
    (tmp_path / "people.sqlite3").unlink()
    with pytest.raises(ConfigurationError, match=f"is missing.*or delete .*{INVENTORY_FILE} to begin without"):
        folder.check_not_lost("people.sqlite3", "the users")
    (tmp_path / INVENTORY_FILE).unlink()
    folder.check_not_lost("people.sqlite3", "the users")


# --- which one a command works on ---


def test_a_command_works_on_the_only_running_servers_folder_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    here, there = tmp_path / ".data", tmp_path / "there"
    assert used_folder(load(), running=lambda: [there]) == there
    assert f"Data folder: {there}" in capsys.readouterr().err
    for running in ([], [there, tmp_path / "too"]):
        with pytest.raises(click.ClickException, match=r"is not a server's data folder.*--data FOLDER.*--new"):
            used_folder(load(), running=lambda found=running: found)  # type: ignore[misc]
    with pytest.raises(
        click.ClickException, match="elsewhere is not a server's data folder"
    ):  # it was named: no guessing
        used_folder(load({"data": "elsewhere"}), running=lambda: [there])
    assert used_folder(load(), new=True, running=lambda: [there]) == Path(".data")
    assert not here.exists()
    here.mkdir()
    (here / "journal.lock").touch()
    assert used_folder(load(), running=lambda: [there]) == Path(".data")


def test_a_store_elsewhere_needs_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    used_folder(load({"store": "postgresql://me:hidden@db/x", "secret": "s" * 40, "data": "nowhere"}))
    assert capsys.readouterr().err == "Store: postgresql://me:***@db/x\n"
