"""Protection of private boards: an unknown name in the setting is refused, and a deleted private board's name stays private."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from dashboard.accounts.policies import Access
from dashboard.domain.errors import ConfigurationError
from dashboard.store.database import Database
from dashboard.store.private_boards import boards_ever, note_private, private_ever
from dashboard.store.revisions import next_revision


async def protect_boards(database: Database, access: Access, boards: Collection[str], private: Collection[str]) -> None:
    """Check the setting ``private_boards`` against the present ``boards`` and all earlier boards.

    Raises ConfigurationError for a private name that no board has or ever had, and for a new board with the name of a deleted private
    board: the new board would inherit the conversation, grants and links. Names of deleted private boards stay private
    (``Access.reserve``). Raises Unavailable.
    """
    async with database.write() as tx:
        if private:  # if two processes start at once, the second one waits here
            await next_revision(tx)
        known = set(boards) | await boards_ever(tx)
        for name in private:
            if name not in known:
                raise ConfigurationError(
                    f"private_boards: there is no board {name!a}, and there never was, so nothing would be protected"
                    f"{_meant(name, boards)}"
                )
        before = await private_ever(tx)
        for name in (before.keys() & set(boards)) - set(private):
            if before[name]:
                raise ConfigurationError(
                    f"boards: {name} was the name of a deleted private board; rename the new board, or add {name} "
                    "to private_boards (after one start with it there you may take it out)"
                )
        for name in set(private) | before.keys():
            await note_private(tx, name, gone=name not in boards)
    access.reserve(name for name in before if name not in boards)


def _meant(name: str, boards: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(boards), 1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(boards))}"
