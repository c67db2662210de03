"""Tornado application of all routes, each with its policy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from tornado.web import RequestHandler

from dashboard.accounts.policies import check_complete
from dashboard.messages.session import MESSAGE_TYPES
from dashboard.settings import Settings
from dashboard.web.server.context import WebContext
from dashboard.web.server.guard import GuardedApplication, Handled
from dashboard.web.server.identity import LOCAL_NAMES
from dashboard.web.server.openapi import OpenApiHandler, describe_routes
from dashboard.web.server.proxies import TrustedProxies
from dashboard.web.server.request_log import log_request
from dashboard.web.server.route import AnyRoute, Route

#: Regular expressions of path parameters; others match anything but a slash.
_PARTS = {
    "board": "[A-Za-z0-9_-]+",
    "name": ".+",
    "key": ".+",
    "path": ".+",
    "user": "[A-Za-z0-9._-]{1,40}",
    "room": "[A-Za-z0-9_:.-]{1,120}",
    "token": "[0-9a-f]{1,40}",
    "group": "job(?:@base64)?/.+",
    "check": ".+",
    "annotation": "[0-9]{1,16}",
    "number": "[0-9]{1,9}",
}
_METHODS = ("get", "post", "put", "patch", "delete", "options")


def pattern_of(template: str, parts: Mapping[str, str] = _PARTS) -> str:
    """Return a path template such as ``/boards/{board}`` as a regular expression. ``parts``: expressions of variables
    by name."""
    text = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    return re.sub(r"{(\w+)}", lambda found: f"({parts.get(found[1], '[^/]+')})", text)


def methods_of(handler: type[object]) -> list[str]:
    """Return a handler's methods, except HEAD, which is served as GET."""
    return [name.upper() for name in _METHODS if getattr(handler, name) is not getattr(RequestHandler, name)]


def make_application(routes: Sequence[AnyRoute], *, settings: Settings, context: WebContext) -> GuardedApplication:
    """Return the application of these routes; raises ConfigurationError when a route or a message of ``/ws`` has no policy."""
    every = [*routes, Route("/api/openapi.json", OpenApiHandler, describe_routes(routes, _PARTS))]
    names = {f"{method} {route.template}" for route in every for method in methods_of(route.handler)}
    check_complete(names | {f"ws {name}" for name in MESSAGE_TYPES})
    return GuardedApplication(
        [_handled(route, context) for route in every],
        context=context,
        names=LOCAL_NAMES | {name.lower() for name in settings.allowed_hosts} | {settings.host},
        max_uri_bytes=settings.max_uri_bytes,
        proxies=TrustedProxies(settings.proxies),
        trusted_origins=list(settings.trusted_origins),
        log_function=log_request,
    )


def _handled(route: AnyRoute, context: WebContext) -> Handled:
    handler = cast("type[RequestHandler]", route.handler)  # a protocol cannot say so
    given = {"context": context, "services": route.services, "template": route.template}
    return pattern_of(route.template), handler, given
