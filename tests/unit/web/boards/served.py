"""Boards of one process behind their routes, with a real store, asked in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dashboard.accounts.policies import Access
from dashboard.boards.board_files import BoardFiles
from dashboard.boards.latest_boards import LatestBoards
from dashboard.boards.own_marks import OwnMarks
from dashboard.domain.identity import Role, User
from dashboard.domain.presence import Reach
from dashboard.store.database import Database
from dashboard.web.boards.boards import BoardServices
from dashboard.web.boards.routes import board_routes
from dashboard.web.pages.pages import PageServices
from dashboard.web.server.route import AnyRoute
from tests.unit.boards.test_drafts import Desk
from tests.unit.boards.test_library import EDDY, WALL, opened
from tests.unit.web.asking import Asking, Reply


class Served(Desk):
    """Routes of boards and pages over a desk. The editor eddy, the viewer vera and the local operator may ask."""

    def __init__(self, database: Database, *, open_: bool = True) -> None:
        super().__init__(database)
        self.database = database
        boards = self.node.boards
        latest = LatestBoards(
            boards=boards,
            look=self.node.stored.look,
            files=BoardFiles(folder=Path("none"), boards=boards),
            fault=lambda: "",
        )
        self.access = Access()
        marks = OwnMarks(database=database, boards=boards, now_ms=lambda: self.node.now_ms)
        services = BoardServices(
            boards, self.access, self.node.library, self.drafts, latest, lambda board: Reach(2, 1), marks
        )
        self.pages = PageServices(
            boards, self.access, latest, marks, home_board="wall", with_oidc=False, with_old_files=True
        )
        self._open = open_
        self.site = self.serve(*board_routes(services))

    def serve(self, *routes: AnyRoute) -> Asking:
        """Return an application of these routes that knows the users."""
        site = Asking(*routes, open_=self._open, max_body_bytes=1 << 20)
        users = (User("eddy", "Eddy", Role.EDITOR), User("vera", "Vera", Role.VIEWER))
        self.tokens = {user.id: site.log_in(user) for user in users}
        return site

    async def ask(self, path: str, method: str = "GET", body: bytes = b"", by: str = "eddy", **headers: str) -> Reply:
        """Ask for a path below ``/api/v1/boards`` as a user; "": as the local operator."""
        shown = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        return await self.site.ask(f"/api/v1/boards{path}", method, body, **shown, **headers)


@asynccontextmanager
async def served(folder: Path, *, open_: bool = True) -> AsyncIterator[Served]:
    """Serve a store with the published board ``wall``."""
    async with opened(folder) as database:
        made = Served(database, open_=open_)
        await made.node.library.put(EDDY, "wall", WALL)
        yield made
