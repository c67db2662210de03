"""What every handler has: security headers, errors as JSON (or as a page for people), HEAD, Allow, bounded bodies.

The one place where the error tree becomes HTTP status.  ``GuardedApplication`` looks at every request, whatever its
route, before a handler exists: Host, Origin, length of the address, kind of body.
"""

from __future__ import annotations

import asyncio
import http
import logging
import secrets
import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment
from tornado import httputil
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError, Invalid, TooLarge

_log = logging.getLogger(__name__)

_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
#: What only pages need besides.
_PAGE_HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


def content_security_policy(nonce: str) -> str:
    """Scripts and styles of ours only; no markup from strings anywhere."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


class WebContext:
    """What handlers share, given to each by ``initialize``."""

    def __init__(self, *, templates: Environment, build: str, counters: Counters, max_body_bytes: int) -> None:
        self.templates = templates
        self.build = build
        self.counters = counters
        self.max_body_bytes = max_body_bytes
        self.draining = False  # answers say that the connection ends with them
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        """A request has come."""
        self._under_way += 1
        self._idle.clear()

    def end(self) -> None:
        """It has been answered, or its client is gone."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    async def idle(self) -> None:
        """Return when no request is under way."""
        await self._idle.wait()


@stream_request_body
class BaseHandler(RequestHandler):
    """Bodies are collected up to ``max_body_bytes`` (unpacked) and read with ``body()``; more is drained and refused."""

    context: WebContext

    def initialize(self, context: WebContext, **services: Any) -> None:
        """Every keyword of the route becomes an attribute."""
        self.context = context
        self._counted = False
        for name, service in services.items():
            setattr(self, name, service)

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in _SECURITY_HEADERS.items():
            self.set_header(name, value)

    # --- the body ---

    @property
    def max_bytes(self) -> int:
        """Length of a body, unpacked."""
        return self.context.max_body_bytes

    def prepare(self) -> None:
        self._counted = True
        self.context.begin()
        if self.context.draining:
            self.set_header("Connection", "close")
        self._chunks: list[bytes] = []
        self._size = 0
        self._refused: DashboardError | None = None
        self._gunzip = None
        encoding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding == "gzip":
            self._gunzip = zlib.decompressobj(31)
        elif encoding not in ("identity", ""):
            self._refused = UnsupportedEncoding(
                f"{encoding[:20]!a} is not supported; send gzip", field="Content-Encoding"
            )

    def data_received(self, chunk: bytes) -> None:
        while chunk and self._refused is None:
            rest = b""
            if self._gunzip is not None:
                try:
                    data = self._gunzip.decompress(chunk, self.max_bytes - self._size + 1)
                except zlib.error:
                    self._refused = Invalid("the body is not gzip", field="Content-Encoding")
                    return
                rest = self._gunzip.unconsumed_tail or self._gunzip.unused_data
                if self._gunzip.eof:
                    self._gunzip = zlib.decompressobj(31)
                chunk = data
            self._size += len(chunk)
            if self._size > self.max_bytes:
                self._refused = TooLarge(f"the body has more than {self.max_bytes} bytes")
                self._chunks.clear()
                return
            self._chunks.append(chunk)
            chunk = rest

    def on_finish(self) -> None:
        if self._counted:
            self._counted = False
            self.context.end()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.on_finish()

    def body(self) -> bytes:
        """The whole body, unpacked; raises what was wrong with it."""
        if self._refused is not None:
            raise self._refused
        return b"".join(self._chunks)

    # --- answers ---

    def write_json(self, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(msgspec.json.encode(value))

    def render_page(self, template: str, **values: Any) -> None:
        """Answer with a page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        nonce = secrets.token_urlsafe(16)
        for name, value in _PAGE_HEADERS.items():
            self.set_header(name, value)
        self.set_header("Content-Security-Policy", content_security_policy(nonce))
        build = self.context.build
        page = self.context.templates.get_template(template)
        self.finish(page.render(nonce=nonce, build=build, static=f"/static/{build}", **values))

    def head(self, *args: str, **kwargs: str) -> Any:
        """What GET answers, without the body."""
        get = getattr(self, "get", None)
        if get is None or type(self).get is RequestHandler.get:
            raise HTTPError(405)
        return self.get(*args, **kwargs)

    # --- errors ---

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """What a client caused is not an error of ours."""
        if not isinstance(value, DashboardError | HTTPError):
            _log.error("%s %s failed", self.request.method, self.request.path, exc_info=(typ, value, tb))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        code, text = http.HTTPStatus(status_code).phrase.lower().replace(" ", "_"), http.HTTPStatus(status_code).phrase
        extra: dict[str, Any] = {}
        if isinstance(error, DashboardError):
            self.set_status(error.http_status)
            code, text = error.code, str(error)
            extra = {"field": error.field} if isinstance(error, Invalid) and error.field else {}
            if error.retryable:
                self.set_header("Retry-After", "1")
            if error.http_status == 413:
                self.set_header("Connection", "close")
        elif isinstance(error, HTTPError) and error.log_message:
            text = error.log_message % error.args if error.args else error.log_message
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        if "text/html" in self.request.headers.get("Accept", ""):
            self.render_page("error.html", status=self.get_status(), text=text)
        else:
            self.write_json({"code": code, "error": text, **extra}, self.get_status())

    def allowed_methods(self) -> list[str]:
        """The methods that this handler has."""
        cls = type(self)
        has = {m for m in _METHODS if getattr(cls, m.lower()) is not getattr(RequestHandler, m.lower())}
        if "GET" not in has:
            has.discard("HEAD")
        return [m for m in _METHODS if m in has]


def log_request(handler: RequestHandler) -> None:
    """Tornado's access log: our faults as errors, the rest for debugging; addresses without their query."""
    request, status = handler.request, handler.get_status()
    level = logging.ERROR if status == 500 else logging.DEBUG
    _log.log(level, "%d %s %s %.1f ms", status, request.method, request.path, 1000 * request.request_time())


class UnsupportedEncoding(Invalid):
    """The body is packed in a way that is not understood."""

    http_status = 415


class NotFoundHandler(BaseHandler):
    """Any address that there is not."""

    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404, "there is nothing at this address")


class RefusedHandler(BaseHandler):
    """A request that the guard turned away."""

    status: int
    reason: str

    def prepare(self) -> None:
        super().prepare()
        if self.status == 414:
            self.set_header("Connection", "close")
        raise HTTPError(self.status, self.reason.replace("%", "%%"))


class GuardedApplication(Application):
    """Looks at every request before it is routed. ``names`` are the hosts it may be addressed by."""

    def __init__(
        self,
        handlers: Sequence[Any],
        *,
        context: WebContext,
        names: frozenset[str],
        max_uri_bytes: int,
        **settings: Any,
    ) -> None:
        super().__init__(
            list(handlers),
            default_handler_class=NotFoundHandler,
            default_handler_args={"context": context},
            cross_origin_protection=True,
            **settings,
        )
        self._context = context
        self._names = names
        self._max_uri_bytes = max_uri_bytes
        self._origins = frozenset(settings.get("trusted_origins", ()))

    def find_handler(self, request: httputil.HTTPServerRequest, **kwargs: Any) -> Any:
        """The route's handler, or the refusal."""
        refusal = self._refusal(request)
        if refusal is None:
            return super().find_handler(request, **kwargs)
        status, reason = refusal
        arguments = {"context": self._context, "status": status, "reason": reason}
        return self.get_handler_delegate(request, RefusedHandler, arguments)

    def _refusal(self, request: httputil.HTTPServerRequest) -> tuple[int, str] | None:
        if len(request.uri or "") > self._max_uri_bytes:
            return 414, f"the address has more than {self._max_uri_bytes} bytes"
        host = _hostname(request.headers.get("Host", ""))
        if host not in self._names:
            return 421, "this server is not called that; see the setting allowed_hosts"
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._origins and not _same_site(origin, request.headers["Host"]):
            return 403, "pages of other origins may not use this server; see the setting trusted_origins"
        if request.headers.get("Content-Type", "").lower().startswith("multipart/"):
            return 415, "multipart bodies are not supported"
        return None


def _hostname(host: str) -> str:
    """The name in a Host header, without the port, in lower case; empty when it cannot be one."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _same_site(origin: str, host: str) -> bool:
    scheme, separator, rest = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and rest.lower() == host.lower()
