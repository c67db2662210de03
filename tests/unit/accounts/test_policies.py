"""Table of policies, and access to boards and rooms."""

from __future__ import annotations

import pytest

from dashboard.accounts.authenticator import AT_MACHINE
from dashboard.accounts.policies import POLICIES, SHOWS_TOKEN, Access, Policy, authorise, check_complete
from dashboard.domain.errors import ConfigurationError, Forbidden, NotAuthenticated
from dashboard.domain.identity import ANONYMOUS, Caller, Role, Token
from dashboard.domain.room import Room

SHARE = Caller("share", session="l", boards=("host",))
LOCAL = Caller("local", "operator", "Operator", Role.OPERATOR)


def user(role: Role, name: str = "alice", *grants: tuple[str, Role]) -> Caller:
    return Caller("user", name, name, role, "s", 1, grants=grants)


def token(*verbs: str) -> Caller:
    return Caller("token", "t", "probe", token=Token("t", "probe", verbs))


def outcome(name: str, caller: Caller) -> int:
    try:
        authorise(name, caller)
    except NotAuthenticated:
        return 401
    except Forbidden:
        return 403
    return 200


def expected(policy: Policy, caller: Caller) -> int:
    """Return the rules of the table, stated a second time in other words."""
    if caller.token is not None:
        if policy.verb:
            return 200 if policy.verb in caller.token.verbs else 403
        return 200 if policy.least == Role.NOBODY else 403
    if policy.least == Role.NOBODY:
        return 200
    if caller.kind not in ("user", "local") or (policy.person and not caller.id):
        return 401
    return 200 if caller.role >= policy.least else 403


CALLERS = [
    ANONYMOUS,
    SHARE,
    LOCAL,
    AT_MACHINE,
    *(user(role) for role in (Role.VIEWER, Role.EDITOR, Role.OPERATOR, Role.ADMIN)),
    *(token(verb) for verb in ("write", "read", "message", "notify")),
    token("write", "read", "message", "notify"),
]


@pytest.mark.parametrize("name", POLICIES)
def test_each_row_is_for_whom_it_says(name: str) -> None:
    for caller in CALLERS:
        assert outcome(name, caller) == expected(POLICIES[name], caller), caller


def test_what_is_written_here_by_hand_holds() -> None:
    """Rows that a slip in the table must not loosen."""
    for name in POLICIES:
        if any(part in name for part in ("/users", "/tokens", "/audit")):
            assert POLICIES[name] == Policy(Role.ADMIN), name
    for name, role in (
        ("POST /api/v1/rooms", Role.OPERATOR),
        ("PATCH /api/v1/rooms/{room}", Role.OPERATOR),
        ("DELETE /api/v1/rooms/{room}", Role.OPERATOR),
        ("GET /api/v1/rooms/{room}/export", Role.OPERATOR),
        ("POST /api/v1/notifications", Role.OPERATOR),
        ("GET /api/v1/presence", Role.OPERATOR),
        ("POST /api/v1/links", Role.EDITOR),
        ("GET /admin", Role.OPERATOR),
    ):
        assert POLICIES[name].least == role, name
    for name in POLICIES:
        free = {"auth", "ping", "watch", "unwatch"}
        if name.startswith("ws ") and name[3:] not in free:
            assert (POLICIES[name].least, POLICIES[name].person) == (Role.VIEWER, True), name
        if name.startswith(("POST ", "PUT ", "PATCH ", "DELETE ")) and POLICIES[name].least is Role.NOBODY:
            free_of = {"POST /api/v1/login", "POST /api/v1/logout", "POST /api/v1/first-admin"}
            assert name in free_of or name.endswith(" /socket.io") or POLICIES[name] == SHOWS_TOKEN, name


def test_a_route_without_a_row_and_a_row_without_a_route_stop_the_start() -> None:
    check_complete(POLICIES)
    with pytest.raises(ConfigurationError, match="no policy says who may: GET /new"):
        check_complete([*POLICIES, "GET /new"])
    with pytest.raises(ConfigurationError, match="ws typing"):
        check_complete(set(POLICIES) - {"ws typing"})


def test_a_name_that_is_not_in_the_table_is_for_nobody() -> None:
    with pytest.raises(KeyError):
        authorise("GET /new", user(Role.ADMIN))


# --- boards ---

ACCESS = Access(public=("open",), private=("closed",))


@pytest.mark.parametrize(
    ("caller", "sees"),
    [
        (ANONYMOUS, "open"),
        (SHARE, "open host"),
        (Caller("share", boards=("closed",)), "open closed"),
        (user(Role.NOBODY), "open"),
        (user(Role.NOBODY, "a", ("host", Role.VIEWER)), "open host"),
        (user(Role.VIEWER), "open host"),
        (user(Role.EDITOR), "open host"),
        (user(Role.VIEWER, "a", ("closed", Role.VIEWER)), "open host closed"),
        (user(Role.VIEWER, "a", ("closed", Role.NOBODY)), "open host"),
        (user(Role.OPERATOR), "open host closed"),
        (user(Role.ADMIN), "open host closed"),
        (LOCAL, "open host closed"),
        (token("read"), "open host"),
        (token("write", "message", "notify"), "open"),
    ],
)
def test_boards_are_seen_by_whom_they_are_for(caller: Caller, sees: str) -> None:
    assert [board for board in ("open", "host", "closed") if ACCESS.sees(caller, board)] == [
        board for board in ("open", "host", "closed") if board in sees.split()
    ]


# --- rooms ---

OPS = Room("ops", "room", "Ops")
PRIVATE = Room("secret", "room", "Secret", private=True, members=("alice",))
DIRECT = Room("direct:alice:bob", "direct", "")
INBOX = Room("inbox:alice", "inbox", "")
HOST = Room("host", "board", "Host")
CLOSED = Room("closed", "board", "Closed")
OPEN = Room("open", "board", "Open")


@pytest.mark.parametrize(
    ("caller", "joins"),
    [
        (ANONYMOUS, []),
        (SHARE, []),
        (user(Role.NOBODY), [PRIVATE, DIRECT, INBOX, OPEN]),
        (user(Role.VIEWER), [OPS, PRIVATE, DIRECT, INBOX, HOST, OPEN]),
        (user(Role.VIEWER, "bob"), [OPS, DIRECT, HOST, OPEN]),
        (user(Role.VIEWER, "eve"), [OPS, HOST, OPEN]),
        (user(Role.VIEWER, "eve", ("closed", Role.VIEWER)), [OPS, HOST, CLOSED, OPEN]),
        (user(Role.OPERATOR, "eve"), [OPS, HOST, CLOSED, OPEN]),
        (user(Role.ADMIN, "eve"), [OPS, PRIVATE, HOST, CLOSED, OPEN]),
        (LOCAL, [OPS, HOST, CLOSED, OPEN]),
        (token("message"), [OPS, HOST, OPEN]),
    ],
)
def test_rooms_are_joined_by_whom_they_are_for(caller: Caller, joins: list[Room]) -> None:
    every = [OPS, PRIVATE, DIRECT, INBOX, HOST, CLOSED, OPEN]
    assert [room.id for room in every if ACCESS.joins(caller, room)] == [room.id for room in joins]


def test_nobody_but_the_two_joins_a_conversation_not_even_an_admin() -> None:
    for name in ("eve", "alic", "alice:bob", "", "a"):
        assert not ACCESS.joins(user(Role.ADMIN, name), DIRECT)
        assert not ACCESS.joins(user(Role.ADMIN, name), INBOX)
