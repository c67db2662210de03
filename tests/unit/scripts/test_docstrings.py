from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checks.docstrings import imperative_fault, noun_fault, public_docstrings, unclear_docstrings
from tests.unit.scripts.sources import package

VERBS = {"answer", "build", "keep", "name", "return", "time", "tell"}


@pytest.mark.parametrize("text", ["Return the name.", "Build and send.", "Name the node.", "Time the call."])
def test_an_imperative_is_taken(text: str) -> None:
    assert imperative_fault(text, VERBS) == ""


@pytest.mark.parametrize(
    "text",
    [
        "What one is owed.",
        "Whose the connection is.",
        "Somebody came.",
        "How it ends.",
        "The name of the node.",
        "Returns the name.",
        "Returning nothing.",
        "Raised by it.",
        "Name of the node.",
        "Time and value.",
        "``name``, checked.",
        "",
    ],
)
def test_what_is_no_imperative_is_refused(text: str) -> None:
    assert imperative_fault(text, VERBS)


@pytest.mark.parametrize("text", ["Registry of connections.", "The token bucket.", "Names of nodes.", "Time of it."])
def test_a_noun_phrase_is_taken(text: str) -> None:
    assert noun_fault(text, VERBS) == ""


@pytest.mark.parametrize(
    "text", ["Who is here.", "Keeps the journal.", "Tell the users.", "Of a request.", "It waits."]
)
def test_what_is_no_noun_phrase_is_refused(text: str) -> None:
    assert noun_fault(text, VERBS)


def test_functions_are_told_from_what_is_named_by_a_noun_and_private_names_are_left_out(tmp_path: Path) -> None:
    text = '''
        """Rates of nodes."""
        class Rate:
            """What a node may."""
            @property
            def burst(self):
                """Number of tokens."""
            def spend(self):
                """Number of tokens."""
            def _private(self):
                """What nobody sees."""
        @main.group(cls=Commands)
        def commands():
            """Commands for users."""
    '''
    modules = package(tmp_path, {"dashboard/rate.py": text})
    assert [str(each) for each in unclear_docstrings(modules, VERBS)] == [
        "dashboard/rate.py:3 Rate “What a node may.” opens with the riddle “what”",
        "dashboard/rate.py:8 Rate.spend “Number of tokens.” “number” is not in the list of verbs",
    ]
    assert len(list(public_docstrings(modules))) == 5
