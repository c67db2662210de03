"""Journal entries for documents: a document was written or deleted, or items were added to a document's list."""

from __future__ import annotations

from msgspec import Struct


class ItemsListed(Struct, array_like=True, tag="l", frozen=True):
    """Items (id, JSON object) to put in front of the ``items`` of the document ``key``, the last first; each replaces the one of its id.

    An item without bytes takes the one of its id off the list.  The oldest leave when there are more than ``most``, or more than
    ``max_bytes`` in all; ``ok_leaves``: those whose state is ok first.
    """

    key: str
    items: tuple[tuple[str, bytes], ...]
    most: int
    max_bytes: int
    ok_leaves: bool = False


class DocumentWritten(Struct, array_like=True, tag="d", frozen=True):
    """The document ``key`` is now ``body`` (JSON text); ``passing`` as in ``Document``."""

    key: str
    body: bytes
    every_s: float | None = None
    passing: bool = False


class DocumentDeleted(Struct, array_like=True, tag="x", frozen=True):
    """The document ``key`` is gone."""

    key: str
