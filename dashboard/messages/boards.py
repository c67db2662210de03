"""Boards on ``/ws``: the notice that a board has changed. See docs/protocol.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from dashboard.domain.board import Board
from dashboard.domain.board_document import Document
from dashboard.messages.fields import PersonalRequest

BoardName = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,60}$")]
Cell = Annotated[int, Meta(ge=0, le=500)]


class ShownDefinition(Board, frozen=True, kw_only=True, omit_defaults=False):
    """Board as screens get it. ``tag`` changes with the board.

    ``fault``: what is wrong with the board's file, if anything; the board is then the last good state of the file.
    """

    tag: str = ""
    fault: str = ""


class BoardChanged(Struct, tag="board_changed", frozen=True, omit_defaults=True):
    """Notice to the screens of a board: its new definition. Without a definition the board was deleted, or moved to another id."""

    board: str
    definition: Raw | None = None
    moved_to: str = ""


# --- editing ---


class EditBoard(PersonalRequest, frozen=True, kw_only=True):
    """Request to edit a board: the reply has its draft, and later operations follow. A connection edits one board at a time."""

    board: BoardName
    page: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,40}$")]


class LeaveBoard(PersonalRequest, frozen=True, kw_only=True):
    """Request to stop editing a board."""


class PointAt(PersonalRequest, frozen=True, kw_only=True):
    """Notice of the tile that the editor has selected; ``place``: (x, y, w, h) while the editor drags or resizes the tile."""

    widget: Annotated[str, Meta(max_length=60)] = ""
    place: tuple[Cell, Cell, Cell, Cell] | None = None


class OperationState(Struct, frozen=True, omit_defaults=True):
    """Committed operation on a draft. ``changes`` as in docs/boards.md; ``published``: the version that the draft became."""

    seq: int
    author: str
    name: str
    key: str
    t: int
    changes: Raw
    undoes: int = 0
    again: bool = False
    published: int = 0


class Editing(Struct, tag="editing", frozen=True):
    """Reply to ``edit_board``: the draft after the operation ``seq``, the number of operations since the last publication,
    and the newest of them."""

    board: str
    document: Document
    seq: int
    is_draft: bool
    by: str
    t: int
    operations: int
    history: list[OperationState]


class BoardOperation(Struct, tag="board_operation", frozen=True):
    """Notice to the editors of a board: the next operation on its draft."""

    board: str
    operation: OperationState


class BoardEditor(Struct, tag="board_editor", frozen=True, omit_defaults=True):
    """Notice to the editors of a board: an editor and the selected tile. Sent every 10 s; after 30 s without one, the editor has left."""

    board: str
    page: str
    user: str
    name: str
    widget: str = ""
    place: tuple[int, int, int, int] | None = None
    gone: bool = False


_encoder = msgspec.json.Encoder()


def encode_shown(board: Board, tag: str, fault: str) -> bytes:
    """Return the JSON text of a board for screens; ``tag``, ``fault``: see ``ShownDefinition``."""
    fields = {name: getattr(board, name) for name in Board.__struct_fields__}
    return _encoder.encode(ShownDefinition(**fields, tag=tag, fault=fault))


def encode_changed(notice: BoardChanged | BoardOperation | BoardEditor) -> bytes:
    """Return the JSON text of a notice."""
    return _encoder.encode(notice)


class _Tagged(Struct, frozen=True):
    tag: str = ""


def is_current(definition: bytes, tag: str | None) -> bool:
    """Return whether a screen that has the tag ``tag`` has this definition; True for a screen without a tag."""
    return tag is None or msgspec.json.decode(definition, type=_Tagged).tag == tag
