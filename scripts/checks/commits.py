"""Subjects of new commits: ``area: Imperative summary``, at most 72 characters, one topic."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

from scripts.checks.docstrings import imperative_fault
from scripts.checks.tree import Finding

MAX_CHARACTERS = 72
_FORM = re.compile(r"[a-z0-9][\w ./,-]*: (?P<summary>[A-Z].*)")


def subject_fault(subject: str, verbs: Collection[str]) -> str:
    """Return what is wrong with a commit's subject; empty if nothing is."""
    if len(subject) > MAX_CHARACTERS:
        return f"has {len(subject)} characters, {MAX_CHARACTERS} are allowed"
    if ";" in subject:
        return "has a semicolon: one topic a commit"
    if (form := _FORM.fullmatch(subject)) is None:
        return "is not “area: Imperative summary”"
    return imperative_fault(form["summary"], verbs)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout


def new_subjects(root: Path, base: str) -> list[tuple[str, str]] | None:
    """Return id and subject of the commits after ``base``, without merges; None if ``base`` is not in the history."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top.strip()).resolve() != root.resolve():
        return None  # no repository, or somebody else's around an unpacked archive
    log = _git(root, "log", "--no-merges", "--format=%h%x09%s", f"{base}..HEAD")
    if log is None:
        return None  # a shallow clone
    return [(commit, subject) for commit, _, subject in (line.partition("\t") for line in log.splitlines())]


def unclear_subjects(subjects: list[tuple[str, str]], verbs: Collection[str]) -> list[Finding]:
    """Return the commits whose subject breaks the form."""
    return [
        Finding(f"commit {commit}", 0, f"“{subject}” {fault}")
        for commit, subject in subjects
        if (fault := subject_fault(subject, verbs))
    ]
