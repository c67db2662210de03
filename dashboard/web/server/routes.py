"""The table of routes: every address there is, its handler, and what the handler is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from tornado.web import RequestHandler

from dashboard.accounts.policies import check_complete
from dashboard.app.people import PeopleParts
from dashboard.boards.boards import Boards
from dashboard.cluster.membership import Nodes
from dashboard.hub.hub import Hub
from dashboard.intake.accept_parsed import AcceptParsed
from dashboard.messages.session import MESSAGE_TYPES
from dashboard.replication.replicas import Replicas
from dashboard.settings import Settings
from dashboard.web.accounts import accounts, admin, oidc
from dashboard.web.feed.routes import PARTS, routes_of_feeders
from dashboard.web.ops.health import HealthHandler, Metrics, MetricsHandler, ReadyHandler, SocketsHandler
from dashboard.web.pages import pages
from dashboard.web.pages.api import BoardHandler, SeriesHandler
from dashboard.web.pages.feeders import FeedersHandler
from dashboard.web.rooms import rooms
from dashboard.web.server.base import BaseHandler, WebContext, log_request
from dashboard.web.server.guard import GuardedApplication
from dashboard.web.server.identity import LOCAL_NAMES
from dashboard.web.server.openapi import OpenApiHandler, describe_routes
from dashboard.web.server.socket import SocketHandler

#: What may stand for a part of an address; anything but a slash where nothing is said.
_PARTS = {
    "board": "[A-Za-z0-9_-]+",
    "name": ".+",
    "key": ".+",
    "path": ".+",
    "user": "[A-Za-z0-9._-]{1,40}",
    "room": "[A-Za-z0-9_:.-]{1,120}",
    "token": "[0-9a-f]{1,40}",
    **PARTS,
}
_METHODS = ("get", "post", "put", "patch", "delete", "options")


def pattern_of(template: str) -> str:
    """``/boards/{board}`` as a regular expression."""
    text = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    return re.sub(r"{(\w+)}", lambda found: f"({_PARTS.get(found[1], '[^/]+')})", text)


def methods_of(handler: type[Any]) -> list[str]:
    """The methods that a handler serves, HEAD (as GET) left out."""
    return [name.upper() for name in _METHODS if getattr(handler, name) is not getattr(RequestHandler, name)]


def make_application(
    *,
    settings: Settings,
    context: WebContext,
    static: Path,
    hub: Hub,
    boards: Boards,
    intake: AcceptParsed,
    replicas: Replicas,
    nodes: Nodes,
    now_ms: Callable[[], int],
    metrics: Metrics,
    reasons: Callable[[], dict[str, str]],
    people: PeopleParts,
) -> GuardedApplication:
    """The whole web side; raises ConfigurationError when a route has no policy."""
    registry = CollectorRegistry()
    registry.register(metrics)
    page: dict[str, Any] = {"boards": boards, "access": people.access}
    routes: list[tuple[str, type[Any], dict[str, Any]]] = [
        ("/", pages.BoardPage, page),
        ("/boards/{board}", pages.BoardPage, page),
        ("/board", pages.ChosenPage, page),
        ("/explore", pages.ExplorePage, page),
        ("/favicon.ico", pages.FaviconHandler, {"icon": static / "favicon.svg"}),
        ("/static/{build}/{path}", pages.StaticHandler, {"path": str(static)}),
        ("/ws", SocketHandler, {"hub": hub, "settings": settings, "people": people.people}),
        ("/api/v1/series", SeriesHandler, {"replicas": replicas, "now_ms": now_ms}),
        ("/api/v1/boards/{board}", BoardHandler, page),
        ("/feeders", pages.FeedersPage, page),
        (
            "/api/v1/feeders",
            FeedersHandler,
            {"tap": intake.tap, "boards": boards, "replicas": replicas, "now_ms": now_ms},
        ),
        ("/healthz", HealthHandler, {}),
        ("/readyz", ReadyHandler, {"reasons": reasons}),
        ("/metrics", MetricsHandler, {"registry": registry}),
        (
            "/metrics/websocket",
            SocketsHandler,
            {"hub": hub, "nodes": nodes, "crowd": people.crowd, "attendance": people.attendance},
        ),
        *routes_of_feeders(intake, replicas, settings, people.screen_orders),
        *_routes_of_people(people, page, boards, settings),
    ]
    description = describe_routes(routes, _PARTS)
    routes.append(("/api/openapi.json", OpenApiHandler, {"description": description}))
    names = {f"{method} {template}" for template, handler, _ in routes for method in methods_of(handler)}
    check_complete(names | {f"ws {name}" for name in MESSAGE_TYPES})
    return _application(routes, settings, context)


def _application(
    routes: list[tuple[str, type[Any], dict[str, Any]]], settings: Settings, context: WebContext
) -> GuardedApplication:
    return GuardedApplication(
        [(pattern_of(template), kind, _given(template, kind, context, extra)) for template, kind, extra in routes],
        context=context,
        names=LOCAL_NAMES | {name.lower() for name in settings.allowed_hosts} | {settings.host},
        max_uri_bytes=settings.max_uri_bytes,
        trusted_origins=list(settings.trusted_origins),
        log_function=log_request,
    )


def _given(template: str, handler: type[Any], context: WebContext, extra: dict[str, Any]) -> dict[str, Any]:
    """What a handler's ``initialize`` is given."""
    return {"context": context, **extra} | ({"template": template} if issubclass(handler, BaseHandler) else {})


def _routes_of_people(
    people: PeopleParts, page: dict[str, Any], boards: Boards, settings: Settings
) -> list[tuple[str, type[Any], dict[str, Any]]]:
    account = {"accounts": people.accounts}
    openid = {
        "openid": people.openid,
        "credentials": people.credentials,
        "public_url": settings.public_url,
        "now_ms": people.now_ms,
    }
    talk = {"conversation": people.conversation}
    made = {"rooms": people.room_admin, "accounts": people.accounts}
    seen = {"boards": boards, "access": people.access}
    return [
        ("/login", pages.LoginPage, {**page, "oidc": bool(settings.oidc_issuer)}),
        ("/profile", pages.ProfilePage, page),
        ("/admin", pages.AdminPage, page),
        ("/first-admin", pages.FirstAdminPage, page),
        ("/share/{link}", pages.SharePage, {"identify": people.identify}),
        ("/oidc/start", oidc.OidcStart, openid),
        ("/oidc/callback", oidc.OidcCallback, openid),
        ("/api/v1/login", accounts.LoginHandler, account),
        ("/api/v1/logout", accounts.LogoutHandler, account),
        ("/api/v1/first-admin", accounts.FirstAdminHandler, account),
        ("/api/v1/me", accounts.MeHandler, account),
        ("/api/v1/users", admin.UsersHandler, account),
        ("/api/v1/users/{user}", admin.UserHandler, {**account, "boards": boards}),
        ("/api/v1/tokens", admin.TokensHandler, account),
        ("/api/v1/tokens/{token}", admin.TokenHandler, account),
        ("/api/v1/links", admin.LinksHandler, {**account, **seen, "public_url": settings.public_url}),
        ("/api/v1/links/{link}", admin.LinkHandler, account),
        ("/api/v1/audit", admin.AuditHandler, {**account, "database": people.database}),
        ("/api/v1/rooms", rooms.RoomsHandler, {**talk, **made}),
        ("/api/v1/rooms/{room}", rooms.RoomHandler, {**talk, **made}),
        ("/api/v1/rooms/{room}/messages", rooms.RoomMessagesHandler, {**talk, **account}),
        ("/api/v1/rooms/{room}/export", rooms.RoomExportHandler, {**talk, **account, "database": people.database}),
        ("/api/message", rooms.MessageHandler, talk),
        ("/api/v1/notifications", rooms.NotificationsHandler, {"notify": people.notify}),
        ("/api/v1/presence", rooms.PresenceHandler, {"attendance": people.attendance, "deliver": people.deliver}),
    ]
