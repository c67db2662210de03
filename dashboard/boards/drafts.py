"""Drafts of boards: operations of several editors, undo, publication.

Each operation is committed in the store, then appended to the journal. The store gives an operation its number in the transaction
that applies it to the draft, so all processes apply the same operations in the same order. An operation that is sent again under
its key is stored once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.boards.board_files import BoardFiles
from dashboard.boards.boards import Boards, ShownBoard
from dashboard.boards.condition import NO_CONDITION, TagCondition
from dashboard.boards.library import Author, Library, words_between
from dashboard.boards.operation_forms import entry_of
from dashboard.boards.undo import read_undo
from dashboard.domain.board_changes import Change, apply_changes, differences
from dashboard.domain.board_document import Document, complete, decode_document, encode_document
from dashboard.domain.board_operations import Operation, ReplaceBoard, changes_of
from dashboard.domain.errors import Conflict, DashboardError, TooMany
from dashboard.domain.rate import TokenBucket
from dashboard.entries.rooms import ROOM_CODEC
from dashboard.journal.port import ROOMS, Journal
from dashboard.store.audit import record
from dashboard.store.board_drafts import (
    OpenDraft,
    OperationRow,
    add_operation,
    count_operations,
    end_draft,
    find_operation,
    forget_operations,
    keep_editor,
    lock_board,
    open_drafts,
    operations_after,
)
from dashboard.store.boards import BoardRow, add_board, read_board
from dashboard.store.database import Database

_log = logging.getLogger(__name__)

#: Most operations in one answer; earlier ones are read in further requests.
MAX_HISTORY = 500
#: Operations per second of one author, and operations at once; more are refused with 429.
_PER_S, _BURST = 50.0, 200.0
#: Most authors whose rate is remembered; a further author replaces the least recently active author.
_MAX_AUTHORS = 10_000
#: An append that takes longer has failed; editors read the operation from the store.
_APPEND_S = 2.0
#: Operations that led to earlier versions are kept for this long.
_KEPT_MS = 30 * 86_400_000
#: State of a board that has no number.
State = Literal["published", "draft"]
#: Author of changes of a board's file.
FILE = "file"


class Undo(NamedTuple):
    """Edit that undoes its author's last operation, or redoes it."""

    again: bool


#: What an edit changes: a function of the draft's document, or an undo.
Edit = Callable[[Document], list[Change]] | Undo


class _Renamed(Conflict):
    """Another process has renamed the board, and this process has not read that yet."""


class DraftState(NamedTuple):
    """State of a draft: its complete document, the number of its newest operation, and the newest operations since the last
    publication.

    ``is_draft``: True if a draft is open, even if it equals the published board again. ``operations``: the number of
    all operations since the last publication.
    """

    board: str
    document: Document
    seq: int
    is_draft: bool
    by: str
    t_ms: int
    operations: int
    history: list[OperationRow]


class Drafts:
    """Use cases on drafts. ``now_ms`` is the journal's time, ``monotonic`` gives seconds."""

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        boards: Boards,
        library: Library,
        files: BoardFiles,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        self._journal = journal
        self._boards = boards
        self._library = library
        self._files = files
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._rates: dict[str, TokenBucket] = {}

    @staticmethod
    def new_key() -> str:
        """Return a key for an operation whose caller gave no key."""
        return secrets.token_hex(8)

    def present_id(self, author: Author, board_id: str) -> str:
        """Return the present id of a renamed board, for edits under its old id; the same id if the board was not
        renamed, or if the author may not see it."""
        return self._library.present_id(author, board_id)

    async def read(self, author: Author, board_id: str) -> DraftState:
        """Return the draft of a board, or the published board if it has no draft; raises NotFound, Forbidden, Unavailable."""
        self._library.check_edits(author, board_id)
        self._boards.shown(board_id)
        async with self._database.read() as tx:
            row = await read_board(tx, board_id)
            begin, seq = (row.draft_from, row.draft_seq) if row else (0, 0)
            history = await operations_after(tx, board_id, begin, MAX_HISTORY)
            many = len(history) == MAX_HISTORY
            operations = await count_operations(tx, board_id, begin) if many else len(history)
        return DraftState(
            board=board_id,
            document=self._document(row, board_id),
            seq=seq,
            is_draft=bool(row and row.draft),
            by=row.draft_by if row and row.draft else "",
            t_ms=row.draft_ms if row and row.draft else 0,
            operations=operations,
            history=history,
        )

    async def history(self, author: Author, board_id: str, limit: int, before: int | None) -> list[OperationRow]:
        """Return the newest operations since the last publication, at most ``limit``, ordered by number; with ``before``,
        only operations with lower numbers. Raises NotFound, Forbidden, Unavailable."""
        self._library.check_edits(author, board_id)
        self._boards.shown(board_id)
        async with self._database.read() as tx:
            row = await read_board(tx, board_id)
            return await operations_after(tx, board_id, row.draft_from if row else 0, limit, before=before)

    async def opened(self) -> dict[str, OpenDraft]:
        """Return the open drafts by the ids of their boards, of all boards; raises Unavailable."""
        async with self._database.read() as tx:
            return await open_drafts(tx)

    def _document(self, row: BoardRow | None, board_id: str) -> Document:
        if row is not None and row.draft:
            return decode_document(row.draft)
        shown = self._boards.shown(board_id)
        if row is not None and row.document and shown.source == "store":
            return complete(decode_document(row.document))  # this process may not have read it yet
        return shown.document

    def _check_rate(self, author: Author) -> None:
        now_s = self._monotonic()
        bucket = self._rates.pop(author.name, None) or TokenBucket(_PER_S, _BURST, now_s)
        self._rates[author.name] = bucket
        if len(self._rates) > _MAX_AUTHORS:
            del self._rates[next(iter(self._rates))]
        if not bucket.take(now_s):
            raise TooMany(f"more than {_PER_S:g} operations a second; send several steps as one operation")

    async def operate(self, author: Author, board_id: str, key: str, operation: Operation) -> int:
        """Apply an operation to the draft, and begin a draft if there is none; return the operation's number.

        Raises Invalid, NotFound (no such board, or the tile was removed), Forbidden, TooMany, Unavailable.
        """
        return await self._commit(author, board_id, key, lambda document: changes_of(document, operation))

    async def undo(self, author: Author, board_id: str, key: str, *, again: bool) -> int:
        """Undo the author's last operation, or redo it if ``again``; later changes by others stay.

        Return the number of the new operation.
        """
        return await self._commit(author, board_id, key, Undo(again))

    async def discard(self, author: Author, board_id: str, key: str) -> int:
        """Discard a draft: its document becomes the published document again. Return the number of this operation.

        The operation's key, ``discard KEY``, tells editors that the history begins anew; no other key begins like that.
        """
        published = self._boards.shown(board_id).document
        return await self._commit(
            author, board_id, f"discard {key}", lambda document: differences(document, published), ends=True
        )

    async def publish(
        self, author: Author, board_id: str, note: str = "", *, condition: TagCondition = NO_CONDITION
    ) -> int:
        """Publish the draft as the next version and return the version's number. ``note``: the author's remark on the
        version; ``condition``: the published states that the draft may replace.

        Raises ChangedMeanwhile, Conflict (there is no draft, or the board's file cannot be written). If the board is a file, only the
        changed lines of the file are rewritten.
        """
        self._library.check_edits(author, board_id)
        async with self._database.write() as tx:
            row = await self._locked(tx, author, board_id)
            await self._library.check_unchanged(tx, row, condition)
            if not row.draft:
                raise Conflict(f"{board_id} has no draft: everything is published")
            document, seq, now_ms = decode_document(row.draft), row.draft_seq + 1, self._now_ms()
            shown = self._boards.shown(board_id)
            if shown.source == "file":
                await asyncio.to_thread(self._files.write, shown, document)
            version = await self._library.publish(tx, row, author, document, note)
            done = OperationRow(board_id, seq, author.name, author.caller.name, f"published {version}", now_ms, "[]")
            await add_operation(tx, done, "", "")
            await end_draft(tx, board_id, seq)
            await forget_operations(tx, board_id, now_ms - _KEPT_MS, row.draft_from)
        await self._changed(shown)  # editors who hear of the publication find the board published
        await self._tell(done, published=version)
        return version

    async def compare(self, author: Author, board_id: str, old: int | State, new: int | State) -> list[str]:
        """Describe the differences between two states of a board: versions by number, the published board, or the
        draft. Raises NotFound, Forbidden, Unavailable."""
        return words_between(await self._text(author, board_id, old), await self._text(author, board_id, new))

    async def _text(self, author: Author, board_id: str, which: int | State) -> str:
        if isinstance(which, int):
            return (await self._library.version(author, board_id, which)).document
        if which == "draft":
            return encode_document((await self.read(author, board_id)).document).decode()
        self._library.check_edits(author, board_id)
        return encode_document(self._boards.shown(board_id).document).decode()

    async def rollback(
        self, author: Author, board_id: str, number: int, note: str = "", *, condition: TagCondition = NO_CONDITION
    ) -> int:
        """Publish an earlier version again, as a new version, and return the new version's number. If the board is a
        file, rewrite the file.

        ``condition``: the published states that may be replaced. Raises NotFound, Forbidden, ChangedMeanwhile, Conflict
        (the file cannot be written), Unavailable.
        """
        document = decode_document(await self._text(author, board_id, number))
        note = note or f"as version {number}"
        shown = self._boards.shown(board_id)
        if shown.source == "store":
            return await self._library.put(author, board_id, document, condition=condition, note=note)
        async with self._database.write() as tx:
            row = await self._locked(tx, author, board_id)
            await self._library.check_unchanged(tx, row, condition)
            await asyncio.to_thread(self._files.write, shown, complete(document))
            version = await self._library.publish(tx, row, author, document, note)
        await self._changed(shown)
        return version

    async def _changed(self, shown: ShownBoard) -> None:
        """Show a newly published board in this process now. The other processes read the board soon."""
        if shown.source == "file":
            await self._files.settle()
        await self._library.changed()

    async def merge(self, board_id: str, old: Document, new: Document, key: str, author: str) -> None:
        """Merge a published board's change from ``old`` to ``new`` into its open draft, as an operation of ``author``.
        Do nothing if there is no draft."""
        async with self._database.write() as tx:
            row = await lock_board(tx, board_id)
            if row is None or not row.draft:
                return
            key = f"{key} {row.draft_from}"  # once in each draft
            if await find_operation(tx, board_id, author, key):
                return
            step = ReplaceBoard(base=old, value=new)
            done = await self._apply(tx, row, author, author, key, lambda document: changes_of(document, [step]))
            await keep_editor(tx, row)  # the draft is still the one of its last editor, and as old
        await self._tell(done)

    async def _commit(
        self,
        author: Author,
        board_id: str,
        key: str,
        edit: Edit,
        *,
        ends: bool = False,
    ) -> int:
        self._library.check_edits(author, board_id)
        self._boards.shown(board_id)
        self._check_rate(author)
        try:
            return await self._commit_once(author, board_id, key, edit, ends=ends)
        except _Renamed:
            await self._library.changed()  # this process reads the new id
            board_id = self.present_id(author, board_id)
            self._library.check_edits(author, board_id)
            return await self._commit_once(author, board_id, key, edit, ends=ends)

    async def _commit_once(
        self,
        author: Author,
        board_id: str,
        key: str,
        edit: Edit,
        *,
        ends: bool,
    ) -> int:
        async with self._database.write() as tx:
            row = await self._locked(tx, author, board_id)
            known = await find_operation(tx, board_id, author.name, key)
            if known is None:
                done = await self._apply(tx, row, author.name, author.caller.name, key, edit)
                if ends:
                    await end_draft(tx, board_id, done.seq)
                    await record(tx, done.t_ms, author.name, "board.discarded", board_id, author.address)
            else:
                done = known
        if known is None:
            await self._tell(done)
        return done.seq

    async def _locked(self, tx: AsyncConnection, author: Author, board_id: str) -> BoardRow:
        row = await lock_board(tx, board_id)
        is_stored = not any(each.id == board_id and each.source != "store" for each in self._boards.every())
        if row is not None and row.moved_to and is_stored:  # else a file has taken the former id
            raise _Renamed(f"{board_id} was renamed to {row.moved_to}; use that id")
        return row or await add_board(tx, board_id, author.name, self._now_ms())

    async def _apply(
        self,
        tx: AsyncConnection,
        row: BoardRow,
        author: str,
        name: str,
        key: str,
        edit: Edit,
    ) -> OperationRow:
        document = self._document(row, row.id)
        undoes, again = 0, isinstance(edit, Undo) and edit.again
        if isinstance(edit, Undo):
            changes, undoes = await read_undo(tx, row.id, row.draft_from, author, document, again=again)
        else:
            changes = await asyncio.to_thread(edit, document)  # 200 new tiles take half a second
        now = apply_changes(document, changes)
        done = OperationRow(
            row.id,
            row.draft_seq + 1,
            author,
            name,
            key,
            self._now_ms(),
            msgspec.json.encode(changes).decode(),
            undoes,
            again,
        )
        base = row.draft_base or self._boards.shown(row.id).tag
        await add_operation(tx, done, encode_document(now).decode(), base)
        return done

    async def _tell(self, done: OperationRow, *, published: int = 0) -> None:
        """Append a committed operation to the journal. If that fails, editors read the operation from the store.

        ``published``: the version that the operation published, 0 for other operations.
        """
        entry = entry_of(done, published=published)
        try:
            async with asyncio.timeout(_APPEND_S):
                await self._journal.append(
                    ROOMS, ROOM_CODEC.encode(entry), request_id=f"board {done.board_id} {done.seq}"
                )
        except (DashboardError, TimeoutError) as error:
            _log.debug("operation %d on %s not appended: %s", done.seq, done.board_id, error)
