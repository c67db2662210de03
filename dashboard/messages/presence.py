"""Presence on ``/ws``: requests, replies and notices about connected users. See docs/protocol.md."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dashboard.domain.presence import Status
from dashboard.messages.fields import PersonalRequest

# --- requests -----------------------------------------------------------------------------------------------------------


class Presence(PersonalRequest, frozen=True, kw_only=True):
    """Request to set the caller's status."""

    status: Status


class Users(PersonalRequest, frozen=True, kw_only=True):
    """Request for the list of connected users."""


# --- replies and notices -------------------------------------------------------------------------------------------------


class Person(Struct, frozen=True, rename="camel"):
    """User with the status that others see."""

    id: str
    name: str
    status: Status = "online"


class Screen(Struct, frozen=True):
    """Open page of a user; ``board`` is empty if the page shows no board."""

    board: str
    kind: Literal["person", "display"] = "person"


class PersonDetail(Struct, frozen=True, rename="camel"):
    """Connected user with open pages and joined rooms; ``since``: start of the presence, in ms."""

    id: str
    name: str
    status: Status
    since: int
    tabs: int
    screens: list[Screen]
    rooms: list[str]


class UserOnline(Struct, tag="user_online", frozen=True):
    """Notice that a user has connected."""

    user: Person


class UserOffline(Struct, tag="user_offline", frozen=True):
    """Notice that a user has disconnected."""

    user: Person


class UserUpdate(Struct, tag="user_update", frozen=True):
    """Notice that a user's name or status has changed."""

    user: Person


class UsersChanged(Struct, tag="users_changed", frozen=True, omit_defaults=True):
    """Notice that many users have connected, disconnected or changed."""

    online: list[Person] = []
    offline: list[Person] = []
    updated: list[Person] = []


class Watchers(Struct, tag="watchers", frozen=True):
    """Viewers of a board: users (at most 100 of ``total``), and the number of screens without a user."""

    board: str
    people: list[Person]
    total: int
    screens: int


class UserList(Struct, tag="users", frozen=True):
    """Reply to ``users``: the connected users."""

    users: list[PersonDetail]


class Reload(Struct, tag="reload", frozen=True):
    """Order to reload the page, sent to the screens of ``board``; ``*`` stands for all boards."""

    board: str
