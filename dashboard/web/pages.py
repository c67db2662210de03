"""The pages: boards, any chosen series, explore; and the static files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.web import HTTPError, StaticFileHandler

from dashboard.domain.selector import parse_selector
from dashboard.services.boards import Boards
from dashboard.web.base import BaseHandler, WebContext

HOME = "host"


class BoardPage(BaseHandler):
    """``/`` and ``/boards/ID``: a board of a file."""

    boards: Boards

    def get(self, board_id: str = HOME) -> None:
        board = self.boards.get(board_id)
        self.render_page("board.html", title=board.title, board_id=board_id, boards=self.boards.titles(), selectors=[])


class ChosenPage(BaseHandler):
    """``/board?series=SELECTOR&series=…``: any series as charts, shareable by its address."""

    boards: Boards

    def get(self) -> None:
        selectors = self.get_query_arguments("series")  # many may stand behind the #, which only the page sees
        for text in selectors:
            parse_selector(text)
        title = ", ".join(selectors) or "Chosen series"
        self.render_page("board.html", title=title, board_id="", boards=self.boards.titles(), selectors=selectors)


class ExplorePage(BaseHandler):
    """``/explore``: every series and document there is."""

    boards: Boards

    def get(self) -> None:
        self.render_page("explore.html", title="Explore", boards=self.boards.titles())


class FaviconHandler(BaseHandler):
    """Browsers ask for it whatever the page says."""

    icon: Path

    def get(self) -> None:
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish(self.icon.read_bytes())


class StaticHandler(StaticFileHandler):
    """``/static/BUILD/path``: kept for ever by browsers when BUILD is this build's, never otherwise."""

    def initialize(self, path: str, context: WebContext) -> None:  # type: ignore[override]  # our context instead of a default file
        super().initialize(path=path)
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
        self.finish({"code": "not_found" if status_code == 404 else "error", "error": self._reason})
