"""Guard of all requests before routing: Host, Origin, length of the URL, type of the body."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from tornado import httputil
from tornado.escape import url_unescape
from tornado.web import Application, HTTPError, RequestHandler

from dashboard.web.server.base import BaseHandler
from dashboard.web.server.context import WebContext
from dashboard.web.server.proxies import TrustedProxies
from dashboard.web.server.quick_heads import QuickWork
from dashboard.web.server.short_request import ShortRequest, waits_for_body
from dashboard.web.server.unserved import cure_of

#: Paths that load balancers and kubelets request by IP address, which is no allowed Host.
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_ASKED_BY_ADDRESS = ("/healthz", "/readyz", "/healthz/", "/readyz/")
_FEEDING = ("POST", "PUT", "PATCH", "DELETE")
#: Path that matches only itself.
_LITERAL = re.compile(r"[\w/-]+")
#: Beginning of a pattern before its first variable. A character before ``?`` or ``*`` may be missing.
_BEGINNING = re.compile(r"(?:(?:[\w/-]|\\[.-])(?![?*{]))*")
_PORTS = {"http": 80, "https": 443}


#: Forms of allowed Host headers that are remembered: with different ports and letters, there are many.
_MAX_HOSTS, _MAX_HOST_BYTES = 100, 300


class NotFoundHandler(BaseHandler[None]):
    """Handler of all paths without a route."""

    def prepare(self) -> Awaitable[None] | None:
        text = f"there is nothing at this address{cure_of(self.request.path)}"
        if self.request.method in _FEEDING:
            self.context.tell_refused(self.address, f"404: {text}", self.request.path)
        super().prepare()
        raise HTTPError(404, text.replace("%", "%%"))


class GuardRefusal(NamedTuple):
    """Refusal by the guard: the HTTP status, and the text of the response."""

    status: int
    reason: str


class RefusedHandler(BaseHandler[GuardRefusal]):
    """Handler of the requests that the guard refuses."""

    def prepare(self) -> Awaitable[None] | None:
        super().prepare()
        if self.services.status == 414:
            self.close_when_answered()
        raise HTTPError(self.services.status, self.services.reason.replace("%", "%%"))


#: Path as a pattern, handler, and the arguments of its ``initialize``.
Handled: TypeAlias = tuple[str, type[RequestHandler], dict[str, object]]


class GuardedApplication(Application):
    """Application that checks every request before routing. ``names``: the allowed host names."""

    def __init__(
        self,
        handlers: Sequence[Handled],
        *,
        context: WebContext,
        names: frozenset[str],
        max_uri_bytes: int,
        proxies: TrustedProxies,
        trusted_origins: Sequence[str] = (),
        log_function: Callable[[RequestHandler], None] | None = None,
    ) -> None:
        super().__init__(
            list(handlers),
            default_handler_class=NotFoundHandler,
            default_handler_args={"context": context, "services": None},
            cross_origin_protection=True,
            trusted_origins=list(trusted_origins),
            log_function=log_function,
        )
        self.context = context
        self._addresses = [re.compile(handler[0]) for handler in handlers]
        self._literal = _literal_routes(handlers, self._addresses)
        self._patterns = [
            (_beginning_of(path), address, handler_class, arguments)
            for (path, handler_class, arguments), address in zip(handlers, self._addresses, strict=True)
        ]
        self._names = names
        self._allowed_hosts: set[str] = set()
        self._max_uri_bytes = max_uri_bytes
        self._proxies = proxies
        self._origins = frozenset(map(_origin, trusted_origins))

    def find_handler(  # type: ignore[override]  # Tornado wants delegates of its own, but takes any
        self, request: httputil.HTTPServerRequest, **kwargs: object
    ) -> httputil.HTTPMessageDelegate | None:
        """Return the delegate of the route's handler, or that of ``RefusedHandler``; called by Tornado."""
        self._proxies.apply(request)
        _without_authority(request)
        if request.headers.get("Expect", "").lower() == "100-continue":
            request.headers["Expect"] = "100-continue"  # Tornado compares it with case, RFC 9110 without
        refusal = self._refusal(request)
        if refusal is None:
            self._without_slash(request)
            if (route := self._literal.get(request.path)) is not None:
                return self.get_handler_delegate(request, *route)
            return self._by_pattern(request) or super().find_handler(request, **kwargs)
        self._tell_if_fed(request, refusal)
        arguments = {"context": self.context, "services": refusal}
        return self.get_handler_delegate(request, RefusedHandler, arguments)

    def quick_work(self, request: httputil.HTTPServerRequest) -> QuickWork | None:
        """Return the work on all requests with the head of this one, if they need no handler; None if they do."""
        self._proxies.apply(request)
        if request.protocol != "http" or _ABSOLUTE.match(request.path) or self._refusal(request) is not None:
            return None
        self._without_slash(request)
        if (literal := self._literal.get(request.path)) is not None:
            (handler_class, arguments), path = literal, list[str]()
        elif (found := self._route_of(request.path)) is not None:
            handler_class, arguments = found[:2]
            path = [part.decode("utf-8", "replace") for part in _unquoted(found[2])]
        else:
            return None
        return handler_class.quick(request, path, arguments) if issubclass(handler_class, BaseHandler) else None

    def _by_pattern(self, request: httputil.HTTPServerRequest) -> httputil.HTTPMessageDelegate | None:
        """Return the delegate of the first route whose pattern matches the path; None if there is none."""
        found = self._route_of(request.path)
        if found is None:
            return None
        handler_class, arguments, place = found
        return self.get_handler_delegate(request, handler_class, arguments, _unquoted(place))

    def _route_of(self, path: str) -> tuple[type[RequestHandler], dict[str, object], re.Match[str]] | None:
        """Return handler class, arguments and match of the first route whose pattern matches a path.

        Tornado's router would try one pattern after the other; here only patterns that begin like the path are tried.
        """
        for beginning, address, handler_class, arguments in self._patterns:
            if path.startswith(beginning) and (found := address.fullmatch(path)) is not None:
                return handler_class, arguments, found
        return None

    def _tell_if_fed(self, request: httputil.HTTPServerRequest, refusal: GuardRefusal) -> None:
        """Tell administrators of a refused request that may have brought data: by its method, or because its route is fed by GET, too."""
        self._without_slash(request)
        found, shown, is_fed = self._route_of(request.path), request.path, request.method in _FEEDING
        if found is not None and issubclass(found[0], BaseHandler):
            is_fed = is_fed or found[0].is_fed_by(request)
            shown = str((found[1] or {}).get("template", "")) if found[0].secret_path else shown
        if is_fed:
            self.context.tell_refused(str(request.remote_ip), f"{refusal.status}: {refusal.reason}", shown)

    def get_handler_delegate(  # type: ignore[override]  # Tornado names its own class
        self,
        request: httputil.HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, object] | None = None,
        path_args: list[bytes] | None = None,
        path_kwargs: dict[str, bytes] | None = None,
    ) -> httputil.HTTPMessageDelegate:
        """Return the delegate of a handler; called by Tornado's router, too. No route has named parts (``path_kwargs``)."""
        if issubclass(target_class, BaseHandler) and waits_for_body(request, target_class):
            return ShortRequest(self, request, target_class, target_kwargs or {}, path_args or ())
        return super().get_handler_delegate(request, target_class, target_kwargs, path_args, path_kwargs)

    def _without_slash(self, request: httputil.HTTPServerRequest) -> None:
        """Remove the final slash of a path such as ``/write/`` if no route has that slash; the original servers accept it too.

        Also remove all but one of the slashes at the beginning: clients add ``/write`` to an address that ends in a slash.
        """
        if request.path.startswith("//"):
            request.path = f"/{request.path.lstrip('/')}"
        path = request.path
        if len(path) > 1 and path.endswith("/") and not any(known.fullmatch(path) for known in self._addresses):
            request.path = path.rstrip("/") or "/"

    def allows_origin(self, origin: str, request: httputil.HTTPServerRequest) -> bool:
        """Return whether pages of an origin may send this request."""
        host = request.headers.get("Host", "")
        return _origin(origin) in self._origins or _same_origin(origin, host, request.protocol)

    def _is_allowed(self, host: str) -> bool:
        """Return whether a Host header names this server. Allowed headers are remembered."""
        if host in self._allowed_hosts:
            return True
        if _hostname(host) not in self._names:
            return False
        if len(self._allowed_hosts) < _MAX_HOSTS and len(host) <= _MAX_HOST_BYTES:
            self._allowed_hosts.add(host)
        return True

    def _refusal(self, request: httputil.HTTPServerRequest) -> GuardRefusal | None:
        if len(request.uri or "") > self._max_uri_bytes:
            return GuardRefusal(414, f"the URL has more than {self._max_uri_bytes} bytes")
        host = request.headers.get("Host", "")
        if not self._is_allowed(host) and request.path not in _ASKED_BY_ADDRESS:
            return GuardRefusal(421, "this host name is not allowed; see the setting allowed_hosts")
        origin = request.headers.get("Origin")
        if origin is not None and not self.allows_origin(origin, request):
            return GuardRefusal(403, "pages of other origins may not use this server; see the setting trusted_origins")
        if request.headers.get("Content-Type", "").lower().startswith("multipart/"):
            return GuardRefusal(415, "multipart bodies are not supported")
        return None


def _unquoted(place: re.Match[str]) -> list[bytes]:
    """Return the values of a path's variables."""
    return [url_unescape(part, encoding=None, plus=False) for part in place.groups()]


def _without_authority(request: httputil.HTTPServerRequest) -> None:
    """Remove scheme and host from a target such as ``http://10.0.0.1/healthz`` (RFC 9112, section 3.2.2); the header Host decides."""
    if (found := _ABSOLUTE.match(request.path)) is not None:
        request.path = request.path[found.end() :] or "/"


def _literal_routes(
    handlers: Sequence[tuple[str, type[RequestHandler], dict[str, object]]], addresses: list[re.Pattern[str]]
) -> dict[str, tuple[type[RequestHandler], dict[str, object]]]:
    """Return the handler's class and arguments of each route whose path has no variables, by path: a look-up is faster than patterns."""
    found: dict[str, tuple[type[RequestHandler], dict[str, object]]] = {}
    for place, (path, handler_class, arguments) in enumerate(handlers):
        if _LITERAL.fullmatch(path) and not any(each.fullmatch(path) for each in addresses[:place]):
            found[path] = handler_class, arguments
    return found


def _beginning_of(pattern: str) -> str:
    """Return the literal text at the beginning of a route's pattern: every matching path begins with it."""
    found = _BEGINNING.match(pattern)
    assert found is not None  # it also matches the empty text
    return found[0].replace("\\", "")


def _hostname(host: str) -> str:
    """Return the name in a Host header, lower case, without the port; empty if it is not valid."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _origin(text: str) -> tuple[str, str, int] | None:
    """Return scheme, name and port of an origin; the port defaults to that of the scheme. Return None if it is not a web origin."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _PORTS or any(char in rest for char in "/?#@"):
        return None
    try:
        parts = urlsplit(f"//{rest}")
        return scheme, parts.hostname or "", _PORTS[scheme] if parts.port is None else parts.port
    except ValueError:
        return None


def _same_origin(origin: str, host: str, protocol: str) -> bool:
    """Return whether an origin is that of ``host``. A request by https must have an https origin.

    A request by http may have an http or https origin, because the browser may use https up to a proxy.
    """
    found = _origin(origin)
    if found is None or (protocol == "https" and found[0] != "https"):
        return False
    return found == _origin(f"{found[0]}://{host}")
