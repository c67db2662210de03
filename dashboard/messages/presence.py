"""Who is connected, on ``/ws``: requests, replies and notices. See docs/protocol.md."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dashboard.domain.presence import Status
from dashboard.messages.fields import PersonalRequest

# --- requests -----------------------------------------------------------------------------------------------------------


class Presence(PersonalRequest, frozen=True, kw_only=True):
    """How I am to be shown."""

    status: Status


class Users(PersonalRequest, frozen=True, kw_only=True):
    """Who is connected?"""


# --- replies and notices -------------------------------------------------------------------------------------------------


class Person(Struct, frozen=True, rename="camel"):
    """Somebody, and how they are shown."""

    id: str
    name: str
    status: Status = "online"


class Screen(Struct, frozen=True):
    """One page that somebody has open; no board: another page."""

    board: str
    kind: Literal["person", "display"] = "person"


class PersonDetail(Struct, frozen=True, rename="camel"):
    """A row of the directory."""

    id: str
    name: str
    status: Status
    since: int
    tabs: int
    screens: list[Screen]
    rooms: list[str]


class UserOnline(Struct, tag="user_online", frozen=True):
    """Somebody has come."""

    user: Person


class UserOffline(Struct, tag="user_offline", frozen=True):
    """Somebody has gone."""

    user: Person


class UserUpdate(Struct, tag="user_update", frozen=True):
    """Somebody is shown otherwise now."""

    user: Person


class UsersChanged(Struct, tag="users_changed", frozen=True, omit_defaults=True):
    """Many have come, gone, or are shown otherwise now."""

    online: list[Person] = []
    offline: list[Person] = []
    updated: list[Person] = []


class Watchers(Struct, tag="watchers", frozen=True):
    """Who has this board open: people (at most 100 of ``total``), and the number of screens without a person."""

    board: str
    people: list[Person]
    total: int
    screens: int


class UserList(Struct, tag="users", frozen=True):
    """The directory."""

    users: list[PersonDetail]


class Reload(Struct, tag="reload", frozen=True):
    """Load the page anew: somebody told the screens of this board, or of ``*``."""

    board: str
