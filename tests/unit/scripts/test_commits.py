from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.checks.commits import new_subjects, subject_fault, unclear_subjects

VERBS = {"add", "move"}
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]


def commit(root: Path, subject: str) -> str:
    subprocess.run([*GIT, "commit", "--allow-empty", "-qm", subject], cwd=root, check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize(
    "subject", ["hub: Add a registry", "scripts, tests: Move two checks", "rfc6455: Add " + "x" * 59]
)
def test_a_subject_of_the_form_is_taken(subject: str) -> None:
    assert subject_fault(subject, VERBS) == ""


@pytest.mark.parametrize(
    "subject",
    [
        "Add a registry",
        "hub: add a registry",
        "hub: Added a registry",
        "hub: A registry",
        "hub: Add a registry; move two files",
        "hub: Add " + "x" * 64,
    ],
)
def test_any_other_subject_is_refused(subject: str) -> None:
    assert subject_fault(subject, VERBS)


def test_only_commits_after_the_base_are_checked_and_no_merges(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    commit(tmp_path, "the old way; of before")
    base = commit(tmp_path, "hub: Add a base")
    subprocess.run(["git", "checkout", "-qb", "side"], cwd=tmp_path, check=True)
    commit(tmp_path, "hub: A riddle")
    subprocess.run(["git", "checkout", "-q", "main"], cwd=tmp_path, check=True)
    subprocess.run([*GIT, "merge", "-q", "--no-ff", "-m", "Merge it", "side"], cwd=tmp_path, check=True)
    subjects = new_subjects(tmp_path, base)
    assert subjects is not None
    assert [subject for _, subject in subjects] == ["hub: A riddle"]
    assert "hub: A riddle" in str(unclear_subjects(subjects, VERBS)[0])


def test_without_the_history_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert new_subjects(tmp_path, "85ca6cc") is None
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit(tmp_path, "hub: Add a commit")
    assert new_subjects(tmp_path, "85ca6cc") is None
    (tmp_path / "unpacked").mkdir()
    assert new_subjects(tmp_path / "unpacked", "HEAD") is None
