"""Journal entries for documents: a document was written or deleted, or items were added to a document's list."""

from __future__ import annotations

from msgspec import Struct


class ItemsListed(Struct, array_like=True, tag="l", frozen=True):
    """Items (id, JSON object) to add at the front of the list ``items`` in the document ``key``; the last item ends up first.

    Each item replaces the item with the same id. An item without bytes only removes the item with that id. If the list then has
    more than ``most`` items or ``max_bytes`` bytes, the oldest are dropped; with ``ok_leaves``, items in state ok are dropped
    first.
    """

    key: str
    items: tuple[tuple[str, bytes], ...]
    most: int
    max_bytes: int
    ok_leaves: bool = False


class DocumentWritten(Struct, array_like=True, tag="d", frozen=True):
    """New ``body`` (JSON text) of the document ``key``; ``passing``: see ``Document`` in ``domain/document.py``."""

    key: str
    body: bytes
    every_s: float | None = None
    passing: bool = False


class DocumentDeleted(Struct, array_like=True, tag="x", frozen=True):
    """Deletion of the document ``key``."""

    key: str
