"""Boards on ``/ws``: the notice that a board has changed. See docs/protocol.md."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from dashboard.domain.board import Board


class ShownDefinition(Board, frozen=True, kw_only=True, omit_defaults=False):
    """Board as screens get it. ``tag``: changes with the board; ``fault``: what is wrong with its file, whose last good state this is."""

    tag: str = ""
    fault: str = ""


class BoardChanged(Struct, tag="board_changed", frozen=True, omit_defaults=True):
    """Notice to the screens of a board: what it is now. Without a definition it is gone, or moved to another id."""

    board: str
    definition: Raw | None = None
    moved_to: str = ""


_encoder = msgspec.json.Encoder()


def encode_shown(board: Board, tag: str, fault: str) -> bytes:
    """Return the JSON text of a board for screens."""
    fields = {name: getattr(board, name) for name in Board.__struct_fields__}
    return _encoder.encode(ShownDefinition(**fields, tag=tag, fault=fault))


def encode_changed(notice: BoardChanged) -> bytes:
    """Return the JSON text of a notice."""
    return _encoder.encode(notice)


class _Tagged(Struct, frozen=True):
    tag: str = ""


def is_current(definition: bytes, tag: str | None) -> bool:
    """Return whether a screen that has the state ``tag`` of a board has this one; None: it does not say."""
    return tag is None or msgspec.json.decode(definition, type=_Tagged).tag == tag
