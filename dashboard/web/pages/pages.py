"""HTTP handlers for the pages."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dashboard.accounts.authenticator import LOCAL_ID
from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.boards.latest_boards import LatestBoards
from dashboard.boards.library import Author
from dashboard.boards.own_marks import OwnMarks
from dashboard.boards.visible import seen_board
from dashboard.domain.errors import Forbidden, NotAuthenticated
from dashboard.domain.identity import Role
from dashboard.expressions.watched import selectors_among
from dashboard.web.pages.browsers import knows_trusted_types, needs_old_files
from dashboard.web.server.addresses import own_address
from dashboard.web.server.base import BaseHandler

#: Cookie with the board that a browser's user chose as the home board.
HOME_COOKIE = "home_board"


class PageServices(NamedTuple):
    """Services of the pages. ``latest`` reads boards that other processes have published.

    ``home_board``: the board at ``/`` for users without a choice. ``with_oidc``: True if the login page offers the
    OpenID provider. ``with_old_files``: True if the files for old browsers were built.
    """

    boards: Boards
    access: Access
    latest: LatestBoards
    marks: OwnMarks
    home_board: str
    with_oidc: bool
    with_old_files: bool


class Page(BaseHandler[PageServices]):
    """Base of the page handlers."""

    def seen(self) -> dict[str, str]:
        """Return the titles of the boards that the caller may see, by id."""
        boards, access = self.services.boards, self.services.access
        return {key: title for key, title in boards.titles().items() if access.sees(self.caller, key)}

    def render_wall(self, template: str, **values: object) -> None:
        """Write a page that wall screens may show; the page names the files for the kind of browser, current or old."""
        built, agent = self.services.with_old_files, self.request.headers.get("User-Agent", "")
        old = built and needs_old_files(agent, self.get_query_argument("files", ""))
        self.render_page(template, trusted_types=knows_trusted_types(agent), old=old, with_old=built, **values)


class BoardPage(Page):
    """``/boards/ID``: a board."""

    async def get(self, board_id: str) -> None:
        await self.services.latest.find(board_id)
        moved = self.services.boards.moved_to(board_id)
        if moved != board_id and self.services.access.sees(self.caller, moved):
            self.redirect(f"/boards/{moved}" + (f"?{self.request.query}" if self.request.query else ""), permanent=True)
        else:
            self.show(board_id)

    def show(self, board_id: str) -> None:
        """Write the page of a board; raises NotAuthenticated and NotFound."""
        board = seen_board(self.services.boards, self.services.access, self.caller, board_id)
        may_edit = self.services.access.edits(self.caller, board_id)
        self.render_wall(
            "board.html", title=board.title, board_id=board_id, boards=self.seen(), selectors=[], may_edit=may_edit
        )


class HomePage(BoardPage):
    """``/``: the board chosen on ``/boards`` by this user, else the one chosen in this browser; else the board of the setting
    ``home_board``. While the store does not answer, the browser's choice counts."""

    async def get(self, board_id: str = "") -> None:
        marks = await self.services.marks.read_soon(self.caller)
        chosen = (marks.home if marks else "") or self.get_cookie(HOME_COOKIE, "") or ""
        if not self._home(chosen):
            await self.services.latest()
        if found := self._home(chosen):
            self.show(found)
        elif self.caller.kind in ("anonymous", "share"):
            raise NotAuthenticated("log in to see this board")
        else:
            self.redirect("/boards")

    def _home(self, chosen: str) -> str:
        """Return the id of the board to show; empty if the caller sees neither ``chosen`` nor the setting's."""
        wanted = [self.services.boards.moved_to(each) for each in (chosen, self.services.home_board) if each]
        seen = self.seen()
        return next((each for each in wanted if each in seen), "")


class EditorPage(Page):
    """``/boards/ID/edit``: the editor of a board."""

    async def get(self, board_id: str) -> None:
        await self.services.latest.find(board_id)
        boards, access = self.services.boards, self.services.access
        moved = boards.moved_to(board_id)
        if moved != board_id and access.sees(self.caller, moved):
            self.redirect(f"/boards/{moved}/edit")
            return
        board = seen_board(boards, access, self.caller, board_id)
        if not access.edits(self.caller, board_id):
            raise Forbidden("editing needs the role editor, on this board or everywhere")
        shown = boards.shown(board_id)
        home = "server" if boards.is_given(board_id) else shown.source
        self.render_page(
            "editor.html",
            title=board.title,
            board_id=board_id,
            formerly=" ".join(boards.former_ids(board_id)),
            home=home,
            author=LOCAL_ID if self.caller.kind == "local" else Author(self.caller).name,  # as on the WebSocket
            version=shown.version,
            archived=shown.archived,
        )


class BoardsPage(Page):
    """``/boards``: the index of the boards."""

    def get(self) -> None:
        may_make = self.caller.role >= Role.EDITOR
        self.render_page("boards.html", title="Boards", boards={}, may_make=may_make)


class ChosenPage(Page):
    """``/board?series=SELECTOR&expr=EXPRESSION&…``: charts of any series and expressions, shareable by URL."""

    def get(self) -> None:
        # more may follow the #, which only the page sees
        selectors = [*self.get_query_arguments("series"), *self.get_query_arguments("expr")]
        selectors_among(selectors)
        title = ", ".join(selectors) or "Chosen series"
        self.render_wall(
            "board.html", title=title, board_id="", boards=self.seen(), selectors=selectors, may_edit=False
        )


class ExplorePage(Page):
    """``/explore``: all series and documents."""

    def get(self) -> None:
        self.render_page("explore.html", title="Explore", boards=self.seen())


class LoginPage(Page):
    """``/login?next=PATH``: login, with a redirect to a path of this server."""

    def get(self) -> None:
        target = own_address(self.get_query_argument("next", "/"))
        if self.caller.kind == "user":
            self.redirect(target)
            return
        self.render_page("login.html", title="Log in", boards={}, next=target, oidc=self.services.with_oidc)


class ProfilePage(Page):
    """``/profile``: the user's own name and password."""

    def get(self) -> None:
        self.render_page("profile.html", title="Profile", boards=self.seen())


class AdminPage(Page):
    """``/admin``: users, tokens, rooms, links, audit."""

    def get(self) -> None:
        self.render_page("admin.html", title="Administration", boards=self.seen())


class FeedersPage(Page):
    """``/feeders``: statistics of the feeders."""

    def get(self) -> None:
        self.render_page("feeders.html", title="Feeders", boards=self.seen())


class FirstAdminPage(Page):
    """``/first-admin?code=CODE``: target of the link that the server printed. Only the page's script uses the code."""

    def get(self) -> None:
        has_code = bool(self.get_query_argument("code", ""))
        self.render_page("first-admin.html", title="The first administrator", boards={}, has_code=has_code)


class FaviconHandler(BaseHandler[Path]):
    """``/favicon.ico``: the icon, which browsers request on their own."""

    def get(self) -> None:
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish(self.services.read_bytes())
