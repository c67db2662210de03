"""Authentication on ``/ws``: the request and its reply. See docs/protocol.md."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from dashboard.messages.fields import Name, PersonalRequest
from dashboard.messages.presence import Person
from dashboard.messages.rooms import RoomState


class Auth(PersonalRequest, frozen=True, kw_only=True):
    """Request to authenticate the connection as a user, or as a guest.

    Guests are allowed on the machine of a server that needs no login. A guest has no ``token`` and chooses the ``username``.
    """

    user_id: Name
    token: Annotated[str, Meta(max_length=8_000)] = ""
    username: Annotated[str, Meta(max_length=200)] = ""


class Authenticated(Struct, tag="authenticated", frozen=True, rename="camel"):
    """Reply to ``auth``: the token is valid until ``expires`` (ms; null if it never expires)."""

    user: Person
    role: str
    roles: list[str]
    grants: dict[str, str]
    limits: dict[str, float]
    now: int
    expires: int | None
    rooms: list[RoomState]
    unread: int
