"""Composition of the boards: files, the store's boards, their use cases, notices to screens."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from dashboard.accounts.policies import Access
from dashboard.app.accounts import AccountParts
from dashboard.boards.board_files import BoardFiles
from dashboard.boards.board_notices import BoardNotices
from dashboard.boards.boards import Boards
from dashboard.boards.draft_follower import DraftFollower
from dashboard.boards.drafts import Drafts
from dashboard.boards.editing import Editors
from dashboard.boards.latest_boards import LatestBoards
from dashboard.boards.library import Library
from dashboard.boards.own_marks import OwnMarks
from dashboard.boards.stored_boards import StoredBoards
from dashboard.cluster.bus import Bus
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.port import Journal
from dashboard.runtime import Runtime
from dashboard.settings import Settings


def board_folder(settings: Settings) -> Path:
    """Return the folder of board files."""
    return Path(settings.boards) if settings.boards else Path(settings.data) / "boards"


class BoardParts:
    """Services for boards. Call ``open`` when the store is open, then ``start``. ``now_ms`` is the journal's time."""

    def __init__(
        self,
        *,
        accounts: AccountParts,
        journal: Journal,
        bus: Bus,
        boards: Boards,
        folder: Path,
        access: Access,
        one_machine: Callable[[], bool],
        registry: ConnectionRegistry,
        now_ms: Callable[[], int],
    ) -> None:
        self.boards = boards
        self.files = BoardFiles(folder=folder, boards=boards, one_machine=one_machine)
        self._stored = StoredBoards(database=accounts.database, boards=boards)
        accounts.directory.subscribe(self._stored.look_soon)
        accounts.directory.subscribe(self.files.look_soon)  # a published file is a change of the store, too
        self.latest = LatestBoards(
            boards=boards, look=self._stored.look, files=self.files, fault=lambda: accounts.directory.fault
        )
        self.library = Library(
            database=accounts.database,
            directory=accounts.directory,
            access=access,
            boards=boards,
            stored=self._stored,
            now_ms=now_ms,
        )
        self.drafts = Drafts(
            database=accounts.database,
            journal=journal,
            boards=boards,
            library=self.library,
            files=self.files,
            now_ms=now_ms,
            monotonic=time.monotonic,
        )
        self.marks = OwnMarks(database=accounts.database, boards=boards, now_ms=now_ms)
        self.editors = Editors(
            drafts=self.drafts, database=accounts.database, registry=registry, bus=bus, find_board=self.latest.find
        )
        self._followers = DraftFollower(drafts=self.drafts, boards=boards)
        self._notices = BoardNotices(registry=registry, boards=boards, editors=self.editors.at)

    async def open(self) -> None:
        """Read the folder and the boards of the opened store; raises Unavailable."""
        self.files.load()
        await self._stored.look()

    def start(self, runtime: Runtime) -> None:
        """Start the tasks of the boards."""
        runtime.start("board files", self.files.run)
        runtime.start("stored boards", self._stored.run)
        runtime.start("editors", self.editors.run)
        runtime.start("drafts", self._followers.run)
        runtime.start("board notices", self._notices.run)
