"""Handler of the static files: scripts, styles, fonts and pictures."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from tornado.web import HTTPError, StaticFileHandler

from dashboard.web.server.compression import CompressedFiles, accepts_gzip
from dashboard.web.server.context import WebContext


class StaticServices(NamedTuple):
    """``folder``: the folder of the browser's files. ``compressed``: the same files, compressed."""

    folder: Path
    compressed: CompressedFiles


class StaticHandler(StaticFileHandler):
    """``/static/BUILD/path``: browsers may cache the file for a year if BUILD is this build, else not at all.

    A text is sent compressed if the client accepts gzip and does not ask for a range; a style sheet then contains what it imports.
    """

    _compressed_etag = ""

    def initialize(self, context: WebContext, services: StaticServices, template: str = "") -> None:  # type: ignore[override]  # as our handlers
        super().initialize(path=str(services.folder))
        self._context = context
        self._compressed = services.compressed

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Vary", "Accept-Encoding")

    async def get(self, build: str, path: str, include_body: bool = True) -> None:  # type: ignore[override]  # the build goes before
        self._build = build
        if not path.isprintable():  # the file system raises ValueError for NUL
            raise HTTPError(404)
        headers = self.request.headers
        if "Range" in headers or not accepts_gzip(headers.get("Accept-Encoding", "")):
            return await super().get(path, include_body=include_body)
        self.path = self.parse_url_path(path)
        self.absolute_path = self.validate_absolute_path(self.root, self.get_absolute_path(self.root, self.path))
        found = await self._compressed.get(self.absolute_path or "")
        if found is None or found.data is None:
            return await super().get(path, include_body=include_body)
        self._compressed_etag = found.etag
        self.modified = self.get_modified_time()
        self.set_headers()
        if self.should_return_304():
            self.set_status(304)
            return None
        self.set_header("Content-Encoding", "gzip")
        self.finish(found.data)  # without the body for HEAD
        return None

    def head(self, build: str, path: str) -> Awaitable[None]:  # type: ignore[override]  # the build goes before
        return self.get(build, path, include_body=False)

    def compute_etag(self) -> str | None:
        """Return the tag of the content. Compressed content has a tag of its own."""
        return self._compressed_etag or super().compute_etag()

    def get_content_type(self) -> str:
        """Return the media type by the file's name; the tables of some systems do not contain fonts."""
        return "font/woff2" if self.path.endswith(".woff2") else super().get_content_type()

    def set_extra_headers(self, path: str) -> None:
        current = self._build == self._context.build
        self.set_header("Cache-Control", "public, max-age=31536000, immutable" if current else "no-store")

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        if not isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if status_code == 405:
            self.set_header("Allow", "GET, HEAD")
        self.finish({"code": "not_found" if status_code == 404 else "error", "error": self._reason})
