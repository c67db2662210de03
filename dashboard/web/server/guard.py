"""Looks at every request before it is routed: Host, Origin, length of the address, kind of body."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tornado import httputil
from tornado.web import Application, HTTPError

from dashboard.web.server.base import BaseHandler
from dashboard.web.server.context import WebContext


class NotFoundHandler(BaseHandler[None]):
    """Any address that there is not."""

    def prepare(self) -> Awaitable[None] | None:
        super().prepare()
        raise HTTPError(404, "there is nothing at this address")


class Refusal(NamedTuple):
    """Why the guard turns a request away: the HTTP status, and the text of its body."""

    status: int
    reason: str


class RefusedHandler(BaseHandler[Refusal]):
    """Handler of the requests that the guard turned away."""

    def prepare(self) -> Awaitable[None] | None:
        super().prepare()
        if self.services.status == 414:
            self.set_header("Connection", "close")
        raise HTTPError(self.services.status, self.services.reason.replace("%", "%%"))


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
            default_handler_args={"context": context, "services": None},
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
        arguments = {"context": self._context, "services": refusal}
        return self.get_handler_delegate(request, RefusedHandler, arguments)

    def _refusal(self, request: httputil.HTTPServerRequest) -> Refusal | None:
        if len(request.uri or "") > self._max_uri_bytes:
            return Refusal(414, f"the address has more than {self._max_uri_bytes} bytes")
        host = _hostname(request.headers.get("Host", ""))
        if host not in self._names:
            return Refusal(421, "this server is not called that; see the setting allowed_hosts")
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._origins and not _same_site(origin, request.headers["Host"]):
            return Refusal(403, "pages of other origins may not use this server; see the setting trusted_origins")
        if request.headers.get("Content-Type", "").lower().startswith("multipart/"):
            return Refusal(415, "multipart bodies are not supported")
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
