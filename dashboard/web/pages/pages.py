"""The pages: boards, any chosen series, explore; and the static files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from tornado.web import HTTPError, StaticFileHandler

from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.boards.visible import seen_board
from dashboard.domain.selector import parse_selector
from dashboard.web.server.addresses import own_address
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.context import WebContext

HOME = "host"


class PageServices(NamedTuple):
    """Services of the pages. ``with_oidc``: the login page offers the OpenID provider."""

    boards: Boards
    access: Access
    with_oidc: bool


class Page(BaseHandler[PageServices]):
    """Base of the pages."""

    def seen(self) -> dict[str, str]:
        """Return the titles of the boards that the caller may see, by id."""
        boards, access = self.services.boards, self.services.access
        return {key: title for key, title in boards.titles().items() if access.sees(self.caller, key)}


class BoardPage(Page):
    """``/`` and ``/boards/ID``: a board of a file."""

    def get(self, board_id: str = HOME) -> None:
        board = seen_board(self.services.boards, self.services.access, self.caller, board_id)
        self.render_page("board.html", title=board.title, board_id=board_id, boards=self.seen(), selectors=[])


class ChosenPage(Page):
    """``/board?series=SELECTOR&series=…``: any series as charts, shareable by its address."""

    def get(self) -> None:
        selectors = self.get_query_arguments("series")  # many may stand behind the #, which only the page sees
        for text in selectors:
            parse_selector(text)
        title = ", ".join(selectors) or "Chosen series"
        self.render_page("board.html", title=title, board_id="", boards=self.seen(), selectors=selectors)


class ExplorePage(Page):
    """``/explore``: every series and document there is."""

    def get(self) -> None:
        self.render_page("explore.html", title="Explore", boards=self.seen())


class LoginPage(Page):
    """``/login?next=``: back to an address of this server only."""

    def get(self) -> None:
        target = own_address(self.get_query_argument("next", "/"))
        if self.caller.kind == "user":
            self.redirect(target)
            return
        self.render_page("login.html", title="Log in", boards={}, next=target, oidc=self.services.with_oidc)


class ProfilePage(Page):
    """``/profile``: one's own name and password."""

    def get(self) -> None:
        self.render_page("profile.html", title="Profile", boards=self.seen())


class AdminPage(Page):
    """``/admin``: users, tokens, rooms, links, audit."""

    def get(self) -> None:
        self.render_page("admin.html", title="Administration", boards=self.seen())


class FeedersPage(Page):
    """``/feeders``: what comes in, and from whom."""

    def get(self) -> None:
        self.render_page("feeders.html", title="Feeders", boards=self.seen())


class FirstAdminPage(Page):
    """``/first-admin?code=``: where the link leads that the server printed."""

    def get(self) -> None:
        code = self.get_query_argument("code", "")
        self.render_page("first-admin.html", title="The first administrator", boards={}, code=code)


class FaviconHandler(BaseHandler[Path]):
    """Browsers ask for it whatever the page says."""

    def get(self) -> None:
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish(self.services.read_bytes())


class StaticHandler(StaticFileHandler):
    """``/static/BUILD/path``: kept for ever by browsers when BUILD is this build's, never otherwise."""

    def initialize(self, context: WebContext, services: Path, template: str = "") -> None:  # type: ignore[override]  # as our handlers
        super().initialize(path=str(services))
        self._context = context

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def get(self, build: str, path: str, include_body: bool = True) -> Any:  # type: ignore[override]  # the build goes before
        self._build = build
        return super().get(path, include_body=include_body)

    def head(self, build: str, path: str) -> Any:  # type: ignore[override]
        return self.get(build, path, include_body=False)

    def set_extra_headers(self, path: str) -> None:
        current = self._build == self._context.build
        self.set_header("Cache-Control", "public, max-age=31536000, immutable" if current else "no-store")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if status_code == 405:
            self.set_header("Allow", "GET, HEAD")
        self.finish({"code": "not_found" if status_code == 404 else "error", "error": self._reason})
