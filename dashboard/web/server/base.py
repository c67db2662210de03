"""Base of all handlers: security headers, errors as JSON or as a page, HEAD, Allow, bounded bodies.

The only place where errors become HTTP statuses and where the table of policies is checked.  Before that, ``guard.py`` checks
every request.
"""

from __future__ import annotations

import http
import logging
import math
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import quote

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPServerRequest, format_timestamp
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler, stream_request_body

from dashboard.accounts.policies import POLICIES, authorise
from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import BadToken, DashboardError, Invalid, Moved, NotAuthenticated, TooLarge
from dashboard.domain.identity import ANONYMOUS, Caller, Role
from dashboard.domain.strict_json import check_json
from dashboard.turns import next_turn
from dashboard.web.server.context import WebContext
from dashboard.web.server.identity import LOCAL_NAMES
from dashboard.web.server.page_headers import PAGE_HEADERS, content_security_policy
from dashboard.web.server.prepared_heads import COMMON_HEADERS, Headers
from dashboard.web.server.quick_heads import QuickWork
from dashboard.web.server.request_body import RequestBody

_log = logging.getLogger(__name__)

#: A year. Not sent for ``localhost``, which other programs share; browsers pass it over for IP addresses.
_HSTS = "max-age=31536000"
_T = TypeVar("_T")
ExceptionInfo: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
S = TypeVar("S")
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")

#: A body over its limit is read to the end, so that the 413 arrives; beyond this length the connection is closed.
_DRAINED_BODY_BYTES = 64 << 20


@stream_request_body
class BaseHandler(RequestHandler, Generic[S]):
    """Handler of a route. ``services``: the route's services, None if the route needs none.

    Bodies are collected up to ``max_body_bytes`` (decompressed) and read with ``body()``; longer bodies are drained and refused.
    ``template``: the route's path in the table of policies.
    """

    context: WebContext
    services: S
    template = ""
    encodings: tuple[str, ...] = ()  # Content-Encodings that ``body()`` does not decode
    talks = False  # the caller needs a user id, also the local operator
    _is_refreshed = False  # the tokens were read again after the request arrived
    ignored_token = False  # an unknown token was sent where none is needed
    secret_path = False  # the path contains a secret
    waits_for_body, arrived = False, b""  # whether a short body is read before the handler begins, and such a body
    feeding_methods: tuple[str, ...] = ()  # methods by which a feeder sends data to this handler
    failed: Exception | None = None  # why the request was not handled without this handler, see ``quick_connection.py``

    @classmethod
    def quick(cls, request: HTTPServerRequest, path: Sequence[str], route: Mapping[str, object]) -> QuickWork | None:
        """Return the work on requests like this one if it needs no handler. ``path``: its variables; ``route``: as for ``initialize``."""
        return None

    def initialize(self, context: WebContext, services: S, template: str = "") -> None:
        """Store the context and services of the route; called by Tornado for each request."""
        self.context = context
        self.services = services
        self.template = template
        self._counted = False
        self._body = RequestBody(max_bytes=0, budget=context.bodies, gzip=False)  # a request may be refused unprepared
        self.caller = ANONYMOUS

    def clear(self) -> None:
        """Forget the response so far; called by Tornado. The headers are made when one is set or sent."""
        self.__dict__.pop("_headers", None)
        self._write_buffer: list[bytes] = []
        self._status_code, self._reason = 200, "OK"

    @cached_property
    def _headers(self) -> HTTPHeaders:  # type: ignore[override]  # Tornado has an attribute here
        self._headers = HTTPHeaders({"Content-Type": "text/html; charset=UTF-8", "Date": format_timestamp(time.time())})
        self.set_default_headers()
        return self._headers

    def set_default_headers(self) -> None:
        for name, value in COMMON_HEADERS.items():
            self.set_header(name, value)
        if self.request.protocol == "https" and self.request.host_name not in LOCAL_NAMES:
            self.set_header("Strict-Transport-Security", _HSTS)

    @classmethod
    def is_fed_by(cls, request: HTTPServerRequest) -> bool:
        """Return whether a request brings data of a feeder, so that its refusal must be shown to administrators."""
        return request.method in cls.feeding_methods

    # --- the body ---

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Decode a part of the URL, replacing bytes that are not UTF-8; no object has such a name, so the request is refused later."""
        return value.decode("utf-8", "replace")

    @property
    def max_bytes(self) -> int:
        """Limit of a body's length, decompressed."""
        return self.context.max_body_bytes

    def count(self) -> None:
        """Count this request as running, once."""
        if not self._counted:
            self._counted = True
            self.context.begin()

    def prepare(self) -> Awaitable[None] | None:
        self.count()
        if self.context.draining:
            self.close_when_answered()
        encoding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        is_gzip = encoding in ("gzip", "x-gzip")
        self._received = 0
        self._body = RequestBody(max_bytes=self.max_bytes, budget=self.context.bodies, gzip=is_gzip)
        if not is_gzip and encoding not in ("identity", "", *self.encodings):
            self._body.refuse(
                UnsupportedEncoding(
                    f"{encoding[:20]!a} is not supported; send {(*self.encodings, 'gzip')[0]}",
                    field="Content-Encoding",
                )
            )
        length = self.request.headers.get("Content-Length", "")
        if length.isdecimal() and (len(length) > 18 or int(length) > _DRAINED_BODY_BYTES):
            raise TooLarge(f"the body has more than {self.max_bytes} bytes; send less at a time")
        try:
            self.check_caller()
        except BadToken:
            return self._check_again()
        self._take_arrived()
        return None

    async def _check_again(self) -> None:
        """Check the caller again after a refresh: another process may have just created the token."""
        await self.context.identity.refresh_for(self.request)
        self._is_refreshed = True
        self.check_caller()
        self._take_arrived()

    def _take_arrived(self) -> None:
        if self.arrived:
            self.data_received(self.arrived)  # neither long nor compressed, so it is taken in one step
            self.arrived = b""

    def check_caller(self) -> None:
        """Set ``caller`` and check the caller's rights; raises NotAuthenticated, Forbidden."""
        name = f"{'GET' if self.request.method == 'HEAD' else self.request.method} {self.template}"
        if name in POLICIES:  # else the method is not supported
            identity = self.context.identity
            try:
                self.caller = identity.caller_of(self.request, talks=self.talks)
            except BadToken:
                at_machine = identity.at_machine(self.request, talks=self.talks) if self._is_refreshed else None
                if at_machine is None:
                    raise
                self.caller, self.ignored_token = at_machine, True
            authorise(name, self.caller)

    @property
    def address(self) -> str:
        """IP address of the client, for the audit log."""
        return str(self.request.remote_ip)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._received += len(chunk)
        if self._received > _DRAINED_BODY_BYTES:
            assert isinstance(self.request.connection, HTTP1Connection)
            self.request.connection.close()
            return None
        if self._body.is_gzip:
            return self._decompress(chunk)
        for _ in self._body.take(chunk):
            pass
        return None

    async def _decompress(self, chunk: bytes) -> None:
        for _ in self._body.take(chunk):
            await next_turn()

    def _end(self) -> None:
        if self._counted:
            self._counted = False
            self.context.end()

    def on_finish(self) -> None:
        self._end()
        self._body.close()

    def on_connection_close(self) -> None:
        is_whole = self.request._body_future.done()
        super().on_connection_close()
        self._end()
        if not is_whole:  # else the handler has it in hand, and finishes
            self._body.close()

    def body(self) -> bytes:
        """Return the whole body, decompressed; raises Invalid, TooLarge, Overloaded or UnsupportedEncoding."""
        return self._body.whole()

    def json(self, kind: type[_T]) -> _T:
        """Return the JSON body as a struct; raises Invalid with the name of the field."""
        try:
            value = msgspec.json.decode(self.body(), type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            place, reason = fault_of(error)
            raise Invalid(reason if place else f"the body {reason}", field=place.partition("[")[0]) from None
        check_json(self.body())
        return value

    def check_trusted_origin(self, origin: str) -> bool:
        """Return the guard's decision about an origin; ``https://name`` and ``name:443`` are the same origin. Called by Tornado."""
        return allows_origin(self, origin)

    # --- answers ---

    def close_when_answered(self) -> None:
        """Close the connection when the response has been sent, and say so in the response."""
        connection = self.request.connection
        if isinstance(connection, HTTP1Connection):
            connection._disconnect_on_finish = True  # Tornado has no hook: it decides by the request alone

    def write_json(self, value: object, status: int = 200) -> None:
        """Write a JSON response."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(msgspec.json.encode(value))

    def finish_prepared(self, status: int, content_type: str, headers: Headers, body: bytes) -> bool:
        """Send a whole answer with a prepared head; return False if this answer needs a head of its own.

        Headers that were set before are not sent.
        """
        request, connection = self.request, self.request.connection
        if request.version != "HTTP/1.1" or request.protocol != "http" or not isinstance(connection, HTTP1Connection):
            return False
        if connection._disconnect_on_finish or request.method == "HEAD":
            return False
        head = self.context.heads.head(status, content_type, headers, len(body))
        self.set_status(status)
        connection.set_close_callback(None)
        connection.write(head + body)
        connection.finish()
        self._headers_written = self._finished = True
        self._log()
        self.on_finish()
        self._break_cycles()
        return True

    def render_page(self, template: str, *, trusted_types: bool = True, **values: object) -> None:
        """Write a page as the response, with ``values`` for the template.

        Values for browsers: ``old``: the page loads the files for old browsers; ``with_old``: such files exist.
        ``trusted_types``: see ``content_security_policy``.
        """
        self.set_header("Content-Type", "text/html; charset=utf-8")
        nonce = secrets.token_urlsafe(16)
        for name, value in PAGE_HEADERS.items():
            self.set_header(name, value)
        self.set_header("Content-Security-Policy", content_security_policy(nonce, trusted_types=trusted_types))
        build = self.context.build
        self.context.identity.keep(self)
        me = describe(self.caller)
        page = self.context.templates.get_template(template)
        values = {"old": False, "with_old": False, "nonce": nonce, "build": build, "me": me, **values}
        self.finish(page.render(static=f"/static/{build}", **values))

    def head(self, *args: str, **kwargs: str) -> Awaitable[None] | None:
        """Handle HEAD as GET without the body."""
        if type(self).get is RequestHandler.get:
            raise HTTPError(405)
        return self.get(*args, **kwargs)

    # --- errors ---

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Log exceptions that the client did not cause."""
        if not isinstance(value, DashboardError | HTTPError | StreamClosedError):
            _log.error("%s %s failed", self.request.method, self.shown_path, exc_info=value)

    @property
    def shown_path(self) -> str:
        """Path for the log, without secrets."""
        return self.template if self.secret_path else self.request.path

    def send_error(self, status_code: int = 500, **kwargs: object) -> None:
        """Send an error, unless the client has left or was closed in the middle of its answer."""
        if not isinstance(sys.exception(), StreamClosedError):
            super().send_error(status_code, **kwargs)
        elif not self._finished:
            self.finish()

    def write_error(self, status_code: int, *, exc_info: ExceptionInfo = (None, None, None), **kwargs: object) -> None:
        if isinstance(self.request.connection, HTTP1Connection) and not self.request.connection._read_finished:
            self.close_when_answered()  # Tornado closes it, but says so only if it knows before
        error = exc_info[1]
        code, text = http.HTTPStatus(status_code).phrase.lower().replace(" ", "_"), http.HTTPStatus(status_code).phrase
        extra: dict[str, object] = {}
        if isinstance(error, DashboardError):
            self.set_status(error.http_status)
            code, text = error.code, str(error)
            if isinstance(error, Moved):
                extra = {"moved_to": error.to}
            elif isinstance(error, Invalid) and error.field:
                extra = {"field": error.field}
            if error.retryable:
                self.set_header("Retry-After", str(math.ceil(error.retry_after_s)))
            if error.http_status == 413:
                self.close_when_answered()
        elif isinstance(error, HTTPError) and error.log_message:
            text = error.log_message % error.args if error.args else error.log_message
        if isinstance(error, NotAuthenticated):
            if self._wants_page() and self.request.method == "GET":
                self.set_status(302)
                self.redirect(f"/login?next={quote(self.request.uri or '/', safe='')}")
                return
            self.set_header("WWW-Authenticate", self.challenge)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        if self._wants_page():
            self.render_page("error.html", status=self.get_status(), text=text)
        else:
            self.write_fault(code, text, extra)

    def write_fault(self, code: str, text: str, extra: dict[str, object]) -> None:
        """Write the body of an error, with ``extra`` fields; the caller has set the status already."""
        self.write_json({"code": code, "error": text, **extra}, self.get_status())

    #: Challenge of a 401. Not Basic: browsers would show a password dialog of their own.
    challenge = 'Bearer realm="dashboard"'

    def _wants_page(self) -> bool:
        """Return whether the client is a browser that shows a page. Programs may accept text/html too, for example Java's client."""
        shows = self.request.method in ("GET", "HEAD") or self.request.headers.get("Sec-Fetch-Mode") == "navigate"
        return shows and "text/html" in self.request.headers.get("Accept", "")

    def allowed_methods(self) -> list[str]:
        """Return the methods that this handler supports."""
        cls = type(self)
        has = {m for m in _METHODS if getattr(cls, m.lower()) is not getattr(RequestHandler, m.lower())}
        if "GET" not in has:
            has.discard("HEAD")
        return [m for m in _METHODS if m in has]


def allows_origin(handler: RequestHandler, origin: str) -> bool:
    """Return whether pages of an origin may use this server."""
    allows: Callable[[str, HTTPServerRequest], bool] = handler.application.allows_origin  # type: ignore[attr-defined]  # GuardedApplication's
    return allows(origin, handler.request)


class UnsupportedEncoding(Invalid):
    """Content-Encoding that is not supported."""

    http_status = 415


def describe(caller: Caller) -> dict[str, object]:
    """Return a caller as JSON, for pages and ``/api/v1/me``."""
    user = {"id": caller.id, "name": caller.name, "role": caller.role.word} if caller.is_person else None
    return {
        "kind": caller.kind,
        "user": user,
        "role": caller.role.word,
        "roles": [role.word for role in Role if Role.NOBODY < role <= caller.role],
        "grants": {board: role.word for board, role in caller.grants},
        "expires": caller.expires_ms,
    }
