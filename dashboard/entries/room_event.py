"""Base of the payloads of the partition ``events``."""

from __future__ import annotations

from msgspec import Struct


class RoomEvent(Struct, array_like=True, frozen=True):
    """Base of the payloads of the partition ``events``."""
