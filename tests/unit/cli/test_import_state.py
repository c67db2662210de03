"""Progress of an import, which survives the end of the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.cli.import_state import StateError, load, save, state_file

URL = "http://127.0.0.1:8888"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "samples.csv"
    found.write_bytes(b"a 1\nb 2\n")
    return found


def test_an_import_goes_on_where_it_was(file: Path) -> None:
    state = load(file, URL)
    assert (state.offset, state.end, state.accepted) == (0, 0, 0)
    state.offset, state.end, state.line, state.accepted = 4, 8, 1, 1
    save(file, state)
    assert state_file(file).name == "samples.csv.import-state"
    assert load(file, URL) == state
    assert state.request_key == f"{state.key}-4-8"
    assert load(file, URL).request_key == state.request_key
    assert not list(file.parent.glob("*.new"))


def test_each_import_has_its_own_key(file: Path) -> None:
    assert load(file, URL).key != load(file, URL).key


def test_a_file_that_has_grown_is_the_same_and_another_is_not(file: Path) -> None:
    state = load(file, URL)
    state.offset = 8
    save(file, state)
    with file.open("ab") as more:
        more.write(b"c 3\n")
    assert load(file, URL).offset == 8
    file.write_bytes(b"a 1\n")
    with pytest.raises(StateError, match="is not the file of this import; use --again"):
        load(file, URL)
    file.write_bytes(b"x 1\nb 2\n")
    with pytest.raises(StateError, match="is not the file"):
        load(file, URL)


def test_another_server_and_a_damaged_state_are_told(file: Path) -> None:
    save(file, load(file, URL))
    with pytest.raises(StateError, match=f"was begun at {URL}"):
        load(file, "http://other:1")
    state_file(file).write_text("{")
    with pytest.raises(StateError, match="is damaged"):
        load(file, URL)
    state_file(file).write_text('{"unknown": 1}')
    with pytest.raises(StateError, match="is damaged"):
        load(file, URL)
