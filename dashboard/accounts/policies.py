"""Table of permissions: a row for each HTTP route and method and each message of ``/ws``.

The server refuses to start if a route or message has no row.  The table gives the role that a caller needs.  Rules about a single
message, board or room are checked by the service that owns it, with ``Access``.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dashboard.domain.errors import ConfigurationError, Forbidden, NotAuthenticated
from dashboard.domain.identity import Caller, Role
from dashboard.domain.room import Room, participants


class Policy(Struct, frozen=True):
    """Permission for a route or message.

    ``least``: the lowest role that has the permission; ``verb``: tokens with this verb have it too. ``person``: True if
    the caller needs a user id; ``why``: a further rule, in words.
    """

    least: Role
    verb: str = ""
    person: bool = False
    why: str = ""


ANYBODY = Policy(Role.NOBODY)
BOARD = Policy(Role.NOBODY, why="who may see the board")
SEES = Policy(Role.VIEWER)
#: Routes of Prometheus' API whose parameters come in the address or in a form.
_PROMETHEUS_FORMS = (
    "query", "query_range", "format_query", "parse_query", "query_exemplars", "series", "labels",
)  # fmt: skip
READS = Policy(Role.VIEWER, verb="read")
FEEDS = Policy(Role.EDITOR, verb="write", why="a token's prefixes")
#: The handler finds the token, in the body or the path, and calls ``authorise_feeding``.
SHOWS_TOKEN = Policy(Role.NOBODY, why="a token in the body, the path or the query")
TALKS = Policy(Role.VIEWER, person=True, why="who may join the room")
PERSON = Policy(Role.VIEWER, person=True)
EDITS = Policy(Role.EDITOR)
#: Editors, users to whom the board is granted for editing, and tokens with the verb ``board``: ``Access.edits``.
EDITS_BOARD = Policy(Role.VIEWER, verb="board", why="who may edit the board")
OPERATES = Policy(Role.OPERATOR)
ADMINISTERS = Policy(Role.ADMIN)

POLICIES: dict[str, Policy] = {
    # pages
    "GET /": BOARD,
    "GET /boards": SEES,
    "GET /boards/{board}": BOARD,
    "GET /boards/{board}/edit": Policy(Role.VIEWER, why="who may edit the board"),
    "GET /board": SEES,
    "GET /explore": SEES,
    "GET /login": ANYBODY,
    "GET /profile": PERSON,
    "GET /admin": OPERATES,
    "GET /first-admin": ANYBODY,
    "GET /feeders": OPERATES,
    "GET /api/v1/feeders": OPERATES,
    "GET /share/{link}": ANYBODY,
    "GET /favicon.ico": ANYBODY,
    "GET /static/{build}/{path}": ANYBODY,
    "GET /oidc/start": ANYBODY,
    "GET /oidc/callback": Policy(Role.NOBODY, why="browsers that return from the provider"),
    # feeding
    "GET /api/v1/samples": ANYBODY,
    "POST /api/v1/samples": SHOWS_TOKEN,
    "GET /api/v1/samples/{name}": ANYBODY,
    "POST /api/v1/samples/{name}": SHOWS_TOKEN,
    "GET /api/v1/documents/{key}": READS,
    "POST /api/v1/documents/{key}": SHOWS_TOKEN,
    "PUT /api/v1/documents/{key}": SHOWS_TOKEN,
    "DELETE /api/v1/documents/{key}": SHOWS_TOKEN,
    # feeding, in the formats of others
    "GET /write": ANYBODY,
    "POST /write": SHOWS_TOKEN,
    "GET /query": SHOWS_TOKEN,
    "POST /query": SHOWS_TOKEN,
    "GET /ping": ANYBODY,
    "GET /health": ANYBODY,
    "GET /ready": ANYBODY,
    "GET /api/health": ANYBODY,
    "GET /api/v3/write_lp": ANYBODY,
    "POST /api/v3/write_lp": SHOWS_TOKEN,
    "GET /api/v2/write": ANYBODY,
    "POST /api/v2/write": SHOWS_TOKEN,
    "GET /api/v2/orgs": SHOWS_TOKEN,
    "GET /api/v2/buckets": SHOWS_TOKEN,
    "POST /api/v2/buckets": SHOWS_TOKEN,
    "GET /api/v2/buckets/{bucket}": SHOWS_TOKEN,
    "PATCH /api/v2/buckets/{bucket}": SHOWS_TOKEN,
    "DELETE /api/v2/buckets/{bucket}": SHOWS_TOKEN,
    "POST /api/v2/query": SHOWS_TOKEN,
    "GET /api/v2/setup": ANYBODY,
    "GET /api/live/push/{stream}": ANYBODY,
    "POST /api/live/push/{stream}": SHOWS_TOKEN,
    "GET /api/v1/telegraf": ANYBODY,
    "POST /api/v1/telegraf": SHOWS_TOKEN,
    "GET /api/v1/collectd": ANYBODY,
    "POST /api/v1/collectd": SHOWS_TOKEN,
    "GET /metrics/{group}": ANYBODY,
    "POST /metrics/{group}": SHOWS_TOKEN,
    "PUT /metrics/{group}": SHOWS_TOKEN,
    "DELETE /metrics/{group}": SHOWS_TOKEN,
    "GET /-/healthy": ANYBODY,
    "GET /-/ready": ANYBODY,
    "GET /api/v1/status": ANYBODY,
    "GET /api/v1/metrics": READS,
    "PUT /api/v1/admin/wipe": ADMINISTERS,
    "GET /api/v1/write": ANYBODY,
    "POST /api/v1/write": SHOWS_TOKEN,
    "GET /api/v1/prom/write": ANYBODY,
    "POST /api/v1/prom/write": SHOWS_TOKEN,
    "GET /v1/metrics": ANYBODY,
    "POST /v1/metrics": SHOWS_TOKEN,
    "GET /api/v1/otlp/v1/metrics": ANYBODY,
    "POST /api/v1/otlp/v1/metrics": SHOWS_TOKEN,
    "GET /v1/traces": ANYBODY,
    "POST /v1/traces": SHOWS_TOKEN,
    "GET /v1/logs": ANYBODY,
    "POST /v1/logs": SHOWS_TOKEN,
    "GET /widgets/{widget}": ANYBODY,
    "POST /widgets/{widget}": SHOWS_TOKEN,
    "GET /dashboards/{widget}": ANYBODY,
    "POST /dashboards/{widget}": SHOWS_TOKEN,
    "GET /events/": ANYBODY,
    "POST /events/": SHOWS_TOKEN,
    "GET /events": ANYBODY,
    "POST /events": SHOWS_TOKEN,
    "GET /api/annotations": READS,
    "GET /api/annotations/tags": READS,
    "POST /api/annotations": SHOWS_TOKEN,
    "GET /api/annotations/graphite": ANYBODY,
    "POST /api/annotations/graphite": SHOWS_TOKEN,
    "GET /api/annotations/{annotation}": READS,
    "PATCH /api/annotations/{annotation}": SHOWS_TOKEN,
    "PUT /api/annotations/{annotation}": SHOWS_TOKEN,
    "DELETE /api/annotations/{annotation}": SHOWS_TOKEN,
    "GET /api/put": ANYBODY,
    "POST /api/put": SHOWS_TOKEN,
    "GET /api/v1/alerts": ANYBODY,
    "POST /api/v1/alerts": SHOWS_TOKEN,
    "GET /api/v1/alertmanager": ANYBODY,
    "POST /api/v1/alertmanager": SHOWS_TOKEN,
    "PUT /api/v1/alertmanager": SHOWS_TOKEN,
    "GET /api/v2/alerts": ANYBODY,
    "POST /api/v2/alerts": SHOWS_TOKEN,
    **{f"{method} /api/push/{{push}}": SHOWS_TOKEN for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")},
    "GET /ping/{check}": SHOWS_TOKEN,
    "POST /ping/{check}": SHOWS_TOKEN,
    "PUT /ping/{check}": SHOWS_TOKEN,
    "PATCH /ping/{check}": SHOWS_TOKEN,
    "DELETE /ping/{check}": SHOWS_TOKEN,
    # reading
    "GET /api/v1/series": READS,
    "GET /api/v1/boards": Policy(Role.VIEWER, verb="board", why="the boards that the caller may see"),
    "GET /api/v1/boards/{board}": BOARD,
    "PUT /api/v1/boards/{board}": EDITS_BOARD,
    "PATCH /api/v1/boards/{board}": EDITS_BOARD,
    "DELETE /api/v1/boards/{board}": EDITS_BOARD,
    "GET /api/v1/boards/{board}/versions": EDITS_BOARD,
    "GET /api/v1/boards/{board}/versions/{number}": EDITS_BOARD,
    "GET /api/v1/boards/{board}/diff": EDITS_BOARD,
    "POST /api/v1/boards/{board}/rollback": EDITS_BOARD,
    "POST /api/v1/boards/{board}/restore": EDITS_BOARD,
    "GET /api/v1/boards/{board}/draft": EDITS_BOARD,
    "DELETE /api/v1/boards/{board}/draft": EDITS_BOARD,
    "GET /api/v1/boards/{board}/draft/text": EDITS_BOARD,
    "POST /api/v1/boards/{board}/draft/text": EDITS_BOARD,
    "GET /api/v1/boards/{board}/operations": EDITS_BOARD,
    "POST /api/v1/boards/{board}/operations": EDITS_BOARD,
    "POST /api/v1/boards/{board}/undo": EDITS_BOARD,
    "POST /api/v1/boards/{board}/publish": EDITS_BOARD,
    "GET /api/v1/boards/{board}/reach": EDITS_BOARD,
    "PATCH /api/v1/boards/{board}/marks": PERSON,
    "GET /api/v1/schema/board.json": ANYBODY,
    "GET /prometheus/": READS,
    **{f"{method} /prometheus/api/v1/{name}": READS for method in ("GET", "POST") for name in _PROMETHEUS_FORMS},
    **{f"GET /prometheus/api/v1/{name}": READS for name in ("label/{label}/values", "metadata", "status/buildinfo")},
    # the caller's own account
    "POST /api/v1/login": ANYBODY,
    "POST /api/v1/logout": ANYBODY,
    "POST /api/v1/first-admin": ANYBODY,
    "GET /api/v1/me": ANYBODY,
    "PATCH /api/v1/me": PERSON,
    # users and tokens
    "GET /api/v1/users": ADMINISTERS,
    "POST /api/v1/users": ADMINISTERS,
    "PATCH /api/v1/users/{user}": ADMINISTERS,
    "DELETE /api/v1/users/{user}": ADMINISTERS,
    "GET /api/v1/tokens": ADMINISTERS,
    "POST /api/v1/tokens": ADMINISTERS,
    "DELETE /api/v1/tokens/{token}": ADMINISTERS,
    "GET /api/v1/audit": ADMINISTERS,
    "GET /api/v1/links": EDITS,
    "POST /api/v1/links": EDITS,
    "DELETE /api/v1/links/{link}": EDITS,
    # rooms and messages
    "GET /api/v1/rooms": SEES,
    "POST /api/v1/rooms": OPERATES,
    "PATCH /api/v1/rooms/{room}": OPERATES,
    "DELETE /api/v1/rooms/{room}": OPERATES,
    "GET /api/v1/rooms/{room}/messages": Policy(Role.VIEWER, why="who may join the room"),
    "GET /api/v1/rooms/{room}/export": OPERATES,
    "POST /api/message": Policy(Role.VIEWER, verb="message", person=True, why="who may join the room"),
    "POST /api/v1/notifications": Policy(Role.OPERATOR, verb="notify"),
    "GET /api/v1/presence": OPERATES,
    # operation
    "GET /healthz": ANYBODY,
    "OPTIONS /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "OPTIONS /readyz": ANYBODY,
    "GET /metrics": READS,
    "GET /metrics/websocket": READS,
    "GET /api/openapi.json": ANYBODY,
    # the WebSocket and its messages
    "GET /ws": ANYBODY,
    **{
        f"{method} /socket.io": Policy(Role.NOBODY, why="the rows of its messages")
        for method in ("GET", "POST", "PUT", "OPTIONS")
    },
    "ws auth": ANYBODY,
    "ws ping": ANYBODY,
    "ws watch": Policy(Role.NOBODY, verb="read", why="who may see the board; selectors are for viewers"),
    "ws unwatch": Policy(Role.NOBODY, verb="read"),
    "ws join_room": TALKS,
    "ws leave_room": TALKS,
    "ws message": TALKS,
    "ws direct": PERSON,
    "ws edit": Policy(Role.VIEWER, person=True, why="the caller's own messages"),
    "ws delete": Policy(Role.VIEWER, person=True, why="the caller's own messages; for operators, all messages"),
    "ws read": TALKS,
    "ws history": TALKS,
    "ws typing": TALKS,
    "ws presence": PERSON,
    "ws users": PERSON,
    "ws rooms": PERSON,
    "ws notifications": PERSON,
    "ws notification_read": PERSON,
    "ws edit_board": Policy(Role.VIEWER, person=True, why="who may edit the board"),
    "ws leave_board": PERSON,
    "ws point_at": PERSON,
}


def check_complete(wanted: Iterable[str]) -> None:
    """Check that each route and message has a row, and that each row has its route or message; raises ConfigurationError."""
    names = set(wanted)
    if without := sorted(names - POLICIES.keys()):
        raise ConfigurationError(f"no policy says who may: {', '.join(without)}; add a row to accounts/policies.py")
    if unused := sorted(POLICIES.keys() - names):
        raise ConfigurationError(f"policies without a route or message: {', '.join(unused)}; remove the rows")


def authorise(name: str, caller: Caller) -> None:
    """Raise NotAuthenticated if the caller is unknown and needs a role, Forbidden if the caller's role is too low."""
    _check(POLICIES[name], caller, "log in first" if not name.startswith("ws ") else "authenticate first")


def authorise_feeding(caller: Caller) -> None:
    """Check a caller as ``authorise`` does, for routes whose token is in the body or path."""
    _check(FEEDS, caller, "send a token that may write")


def _check(policy: Policy, caller: Caller, cure: str) -> None:
    if policy.least is Role.NOBODY and not (policy.verb and caller.kind == "token"):
        return
    if caller.kind == "token":
        if policy.verb and caller.token is not None and policy.verb in caller.token.verbs:
            return
        raise Forbidden(
            f"the token {caller.name} may not do this" + (f"; it lacks {policy.verb}" if policy.verb else "")
        )
    if caller.kind in ("anonymous", "share") or (policy.person and not caller.is_person):
        raise NotAuthenticated(cure)
    if caller.role < policy.least:
        raise Forbidden(
            f"this needs the role {policy.least.word}; {caller.name or 'this caller'} is {caller.role.word}"
        )


class Access:
    """Access to boards and rooms. ``public``: ids of boards that everybody may see; ``private``: ids of boards that
    only operators and users with a grant may see."""

    def __init__(self, public: tuple[str, ...] = (), private: tuple[str, ...] = ()) -> None:
        self._public = frozenset(public)
        self._private = frozenset(private)

    def reserve(self, names: Iterable[str]) -> None:
        """Add names to the private boards."""
        self._private |= frozenset(names)

    def sees(self, caller: Caller, board_id: str) -> bool:
        """Return whether a caller may see a board.

        Everybody sees public boards, viewers see all boards that are not private, and operators see all boards. A share link or a
        grant shows further boards.
        """
        if board_id in self._public or board_id in caller.boards:
            return True
        if caller.token is not None:
            return bool({"read", "board"} & set(caller.token.verbs)) and board_id not in self._private
        least = Role.OPERATOR if board_id in self._private else Role.VIEWER
        return caller.role >= least or any(board == board_id and role for board, role in caller.grants)

    def is_private(self, board_id: str) -> bool:
        """Return whether only operators and users with a grant see the board."""
        return board_id in self._private

    def edits(self, caller: Caller, board_id: str) -> bool:
        """Return whether a caller may edit a board: editors, users with a grant for this board, and tokens with the verb ``board`` may."""
        if caller.token is not None:
            return "board" in caller.token.verbs and board_id not in self._private
        if any(board == board_id and role >= Role.EDITOR for board, role in caller.grants):
            return True
        return caller.role >= Role.EDITOR and self.sees(caller, board_id)

    def joins(self, caller: Caller, room: Room) -> bool:
        """Return whether a caller may join a room.

        A direct conversation is open to its two users, a private room to its members and to admins.  The room of a board is open
        to users who may see the board, any other room to viewers and above.
        """
        if room.kind in ("direct", "inbox"):
            return caller.is_person and caller.id in participants(room.id)
        if room.private:
            return caller.is_person and (caller.id in room.members or caller.role >= Role.ADMIN)
        if caller.token is not None:
            return room.kind == "room" or room.id not in self._private
        if room.kind == "board":
            return caller.is_person and self.sees(caller, room.id)
        return caller.role >= Role.VIEWER
