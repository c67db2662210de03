"""The check of settings and of board files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import check as module
from dashboard.cli.check import check


def checked(*arguments: str) -> Result:
    return CliRunner().invoke(check, arguments, env={"DASHBOARD_PORT": "8899"})


def test_every_setting_is_printed_with_its_source(tmp_path: Path) -> None:
    done = checked("--data", str(tmp_path), "--secret", "a secret that is long enough for tests")
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if len(line.split()) > 1}
    assert rows["data"][0] == str(tmp_path)
    assert (rows["port"][0], rows["journal_window_s"][-1]) == ("8899", "default")
    assert "long enough" not in done.output


def test_a_folder_that_cannot_be_used_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    done = checked("--data", str(tmp_path / "file" / "data"))
    assert (done.exit_code, "is not a folder" in done.output) == (1, True)
    monkeypatch.setattr(module, "resource_folder", lambda name: tmp_path)
    done = checked("--data", str(tmp_path))
    assert (done.exit_code, "the browser libraries are missing" in done.output) == (1, True)


def test_faults_of_board_files_are_told_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("title: Good\nwidgets:\n- {kind: stat, title: A, series: [cpu]}\n")
    (tmp_path / "typo.yaml").write_text("title: Typo\nwidgets:\n- {kind: stat, title: A, expr: 'sum('}\n")
    (tmp_path / "broken.yaml").write_text("title: [\n")
    (tmp_path / "latin.yaml").write_bytes(b"title: \xe4\n")
    done = checked(str(tmp_path))
    assert done.exit_code == 1
    assert "4 boards, 3 of them broken" in done.output
    problems = [line for line in done.output.splitlines() if line.startswith("problem: ")]
    assert sorted(Path(line.split()[1].partition(":")[0]).name for line in problems) == [
        "broken.yaml", "latin.yaml", "typo.yaml",
    ]  # fmt: skip
    assert any("widget 1 (A): expr:" in line for line in problems)


def test_a_folder_of_good_boards_is_well(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("title: One\nwidgets: []\n")
    done = checked(str(tmp_path))
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "1 board, 0 of them broken")
