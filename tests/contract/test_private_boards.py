"""Protection of private boards, over both databases: unknown names are refused, names of deleted private boards stay private."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.accounts.policies import Access
from dashboard.accounts.private_boards import protect_boards
from dashboard.domain.errors import ConfigurationError
from dashboard.domain.identity import Caller, Role
from dashboard.domain.room import Room
from dashboard.store.database import Database
from dashboard.store.rooms import ensure_room
from tests.support.deadline import scaled
from tests.support.stores import NOW, Place

pytestmark = pytest.mark.gen_test
VERA = Caller("user", "vera", "Vera", Role.VIEWER, "s", 1)


async def start(database: Database, boards: set[str], private: set[str]) -> Access:
    """Create the boards' rooms and protect the private boards, as a server does at its start; return the access."""
    async with database.write() as tx:
        for board in boards:
            await ensure_room(tx, board, "board", board.title(), NOW)
    access = Access((), tuple(private))
    await protect_boards(database, access, boards, private)
    return access


async def test_a_private_name_that_was_never_a_boards_stops_the_start(place: Place) -> None:
    async with place.one() as database:
        with pytest.raises(ConfigurationError, match=r"there is no board 'nope', and there never was.*there are host"):
            await start(database, {"host"}, {"nope"})
        with pytest.raises(ConfigurationError, match=r"did you mean finance\?"):
            await start(database, {"host", "finance"}, {"finanse"})


async def test_a_private_board_that_goes_stays_private_and_its_name_reserved(place: Place) -> None:
    async with place.one() as database:
        await start(database, {"host", "finance"}, {"finance"})
        assert not (await start(database, {"host"}, {"finance"})).sees(VERA, "finance")
        gone = await start(database, {"host"}, set())
        assert not gone.sees(VERA, "finance")
        assert not gone.joins(VERA, Room("finance", "board", "Finance"))  # what was said there
        with pytest.raises(ConfigurationError, match="finance was the name of a deleted private board"):
            await start(database, {"host", "finance"}, set())
        await start(database, {"host", "finance"}, {"finance"})
        assert (await start(database, {"host", "finance"}, set())).sees(VERA, "finance")  # its operator's wish


async def test_a_board_that_is_opened_and_then_goes_stays_reserved(place: Place) -> None:
    async with place.one() as database:
        await start(database, {"host", "finance"}, {"finance"})
        await start(database, {"host", "finance"}, set())
        await start(database, {"host"}, set())
        with pytest.raises(ConfigurationError, match="of a deleted private board"):
            await start(database, {"host", "finance"}, set())


async def test_a_typo_is_one_line_at_the_start(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "dashboard", "serve", "--port", "0", "--data", str(tmp_path / "data")]
    done = subprocess.run(
        [*line, "--private-boards", "hots"], capture_output=True, text=True, timeout=scaled(60), check=False
    )
    assert (done.returncode, "did you mean host?" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
