"""HTTP handlers for drafts: read, operate, undo and redo, publish, discard."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from dashboard.boards.drafts import MAX_HISTORY
from dashboard.boards.operation_forms import entry_of, operation_state
from dashboard.domain.board_document import Document, complete
from dashboard.domain.board_operations import Operation, ReplaceBoard
from dashboard.domain.errors import Invalid
from dashboard.domain.presence import Reach
from dashboard.messages.boards import OperationState
from dashboard.web.boards.boards import BoardApi
from dashboard.web.boards.bodies import Published
from dashboard.web.server.operation import Operation as Described
from dashboard.web.server.operation import Operations

_KEY = re.compile("[A-Za-z0-9_.:-]{1,80}")
Key = Annotated[str, Meta(pattern=f"^{_KEY.pattern}$")]
Note = Annotated[str, Meta(max_length=500)]


class NewOperation(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/boards/ID/operations``. Repeating a key changes nothing and returns the first response."""

    key: Key
    operation: Operation


class NewText(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/boards/ID/draft/text``: ``base``, the text that was read, and ``text``, the edited text."""

    key: Key
    base: Annotated[str, Meta(max_length=600_000)]
    text: Annotated[str, Meta(max_length=600_000)]


class UndoBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/boards/ID/undo``. ``again``: True to redo."""

    key: Key
    again: bool = False


class PublishBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/boards/ID/publish``."""

    note: Note = ""


class Operated(Struct, frozen=True):
    """Response to an operation: its number on this board."""

    seq: int
    status: Literal["committed"] = "committed"


class DraftShown(Struct, frozen=True):
    """Draft of a board after the operation ``seq``. ``by``, ``t``: author and time of the last edit; ``operations``: their
    number since the last publication."""

    board: str
    seq: int
    is_draft: bool
    by: str
    t: int
    operations: int
    document: Document


class OperationList(Struct, frozen=True):
    """Response to ``GET /api/v1/boards/ID/operations``, ordered by number."""

    operations: list[OperationState]


class DraftApi(BoardApi):
    """Base of the handlers of drafts, which accept former ids of a board."""

    former_ids_for = ("GET", "HEAD", "POST", "DELETE")

    def present(self, board_id: str) -> str:
        """Return the present id of a board: edits that were made under a former id belong to it."""
        return self.services.drafts.present_id(self.author, board_id)


class DraftHandler(DraftApi):
    """``/api/v1/boards/ID/draft``: read or discard the draft."""

    operations: ClassVar[Operations] = {
        "get": Described("The draft of a board", returns=DraftShown),
        "delete": Described("Discard the draft; the published version stays", returns=Operated),
    }

    async def get(self, board_id: str) -> None:
        board_id = self.present(board_id)
        state = await self.services.drafts.read(self.author, board_id)
        self.write_json(
            DraftShown(board_id, state.seq, state.is_draft, state.by, state.t_ms, state.operations, state.document)
        )

    async def delete(self, board_id: str) -> None:
        board_id = self.present(board_id)
        self.services.library.check_edits(self.author, board_id)
        key = self.get_query_argument("key", "") or self.services.drafts.new_key()
        if not _KEY.fullmatch(key):
            raise Invalid("has 1 to 80 letters, digits or _ . : -", field="key")
        self.write_json(Operated(await self.services.drafts.discard(self.author, board_id, key)))


class TextHandler(DraftApi):
    """``/api/v1/boards/ID/draft/text``: the draft as YAML, and its change by an edited text."""

    operations: ClassVar[Operations] = {
        "get": Described("The draft as YAML", raw=True),
        "post": Described(
            "Replace the draft by an edited text; an error names the line of the fault", body=NewText, returns=Operated
        ),
    }

    async def get(self, board_id: str) -> None:
        board_id = self.present(board_id)
        state = await self.services.drafts.read(self.author, board_id)
        self.set_header("Content-Type", "application/yaml; charset=utf-8")
        self.finish(await self.as_yaml(state.document))

    async def post(self, board_id: str) -> None:
        board_id = self.present(board_id)
        self.services.library.check_edits(self.author, board_id)
        body = self.json(NewText)
        base = await self.parse(board_id, body.base.encode())
        value = await self.parse(board_id, body.text.encode())
        if complete(base) == complete(value):  # only comments differ, or the way it is written
            self.write_json(Operated((await self.services.drafts.read(self.author, board_id)).seq))
            return
        step = ReplaceBoard(base=base, value=value)
        self.write_json(Operated(await self.services.drafts.operate(self.author, board_id, body.key, (step,))))


class OperationsHandler(DraftApi):
    """``/api/v1/boards/ID/operations``: edit the draft, and read its history."""

    operations: ClassVar[Operations] = {
        "get": Described(
            "List the newest operations since the last publication",
            returns=OperationList,
            query={"before": "operations with lower numbers than this", "limit": "most operations to return, 1 to 500"},
        ),
        "post": Described("Apply an operation to the draft", body=NewOperation, returns=Operated),
    }

    async def get(self, board_id: str) -> None:
        board_id = self.present(board_id)
        limit = self.number("limit", 100, 1, MAX_HISTORY) or 100
        before = self.number("before", None, 1, 2**53)
        found = await self.services.drafts.history(self.author, board_id, limit, before)
        self.write_json(OperationList([operation_state(entry_of(each)) for each in found]))

    async def post(self, board_id: str) -> None:
        board_id = self.present(board_id)
        self.services.library.check_edits(self.author, board_id)
        body = self.json(NewOperation)
        self.write_json(Operated(await self.services.drafts.operate(self.author, board_id, body.key, body.operation)))


class UndoHandler(DraftApi):
    """``POST /api/v1/boards/ID/undo``: undo or redo the caller's last operation."""

    operations: ClassVar[Operations] = {
        "post": Described("Undo or redo the caller's last operation", body=UndoBody, returns=Operated)
    }

    async def post(self, board_id: str) -> None:
        board_id = self.present(board_id)
        self.services.library.check_edits(self.author, board_id)
        body = self.json(UndoBody)
        self.write_json(Operated(await self.services.drafts.undo(self.author, board_id, body.key, again=body.again)))


class ReachHandler(DraftApi):
    """``GET /api/v1/boards/ID/reach``: who would see a publication at once."""

    operations: ClassVar[Operations] = {
        "get": Described("The number of screens and users that have the board open, over all processes", returns=Reach)
    }

    def get(self, board_id: str) -> None:
        board_id = self.present(board_id)
        self.services.library.check_edits(self.author, board_id)
        self.write_json(self.services.reach(board_id))


class PublishHandler(DraftApi):
    """``POST /api/v1/boards/ID/publish``: publish the draft."""

    operations: ClassVar[Operations] = {
        "post": Described("Publish the draft as the next version", body=PublishBody, returns=Published)
    }

    async def post(self, board_id: str) -> None:
        board_id = self.present(board_id)
        self.services.library.check_edits(self.author, board_id)
        body = self.json(PublishBody)
        version = await self.services.drafts.publish(self.author, board_id, body.note, condition=self.condition())
        self.published(board_id, version)
