"""Use cases on published boards of the store: put, versions, differences, rollback, rename, archive, delete, bring back.

Each is authorised here (``Access.edits``) and recorded in the audit log. Every process shows a change once it has read the
store's new revision (``stored_boards.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.accounts.directory import Directory
from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards, tag_of
from dashboard.boards.condition import NO_CONDITION, TagCondition
from dashboard.boards.stored_boards import StoredBoards
from dashboard.domain.board_changes import differences, in_words
from dashboard.domain.board_document import (
    Document,
    check_board_id,
    checked,
    complete,
    decode_document,
    encode_document,
)
from dashboard.domain.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, Moved, NotFound
from dashboard.domain.identity import Caller
from dashboard.domain.plain_values import check_text
from dashboard.store.audit import record
from dashboard.store.boards import (
    DELETED_KEPT_MS,
    BoardRow,
    BoardVersion,
    add_board,
    add_version,
    change_board,
    deleted_boards,
    move_board,
    read_board,
    read_version,
    versions_of,
)
from dashboard.store.database import Database
from dashboard.store.private_boards import note_private, private_ever
from dashboard.store.rooms import ensure_room

#: Versions of a board that are searched for the version that a caller has read.
_SEARCHED = 100
_MAX_NOTE = 500


class Author(NamedTuple):
    """Author of a change, and the address for the audit log."""

    caller: Caller
    address: str = ""

    @property
    def name(self) -> str:
        """The author's id."""
        return self.caller.id or self.caller.kind


class DeletedBoard(NamedTuple):
    """Deleted board, which can be brought back until ``until_ms``."""

    id: str
    title: str
    until_ms: int


def _title_of(row: BoardRow) -> str:
    """Return a board's title without checking the document, which today's rules may refuse."""
    return str(decode_document(row.document).get("title") or row.id)


class Library:
    """Published boards of the store. ``now_ms`` is the journal's time."""

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        access: Access,
        boards: Boards,
        stored: StoredBoards,
        now_ms: Callable[[], int],
    ) -> None:
        self._database = database
        self._directory = directory
        self._access = access
        self._boards = boards
        self._stored = stored
        self._now_ms = now_ms

    def check_edits(self, author: Author, board_id: str) -> None:
        """Raise Forbidden if the author may see but not edit a board, NotFound if the author may not see it."""
        if not self._access.edits(author.caller, board_id):
            if board_id and not self._access.sees(author.caller, board_id):
                raise Boards.missing(board_id)
            raise Forbidden(
                "editing needs the role editor, on this board or everywhere, or a token with the verb board"
            )

    async def put(
        self,
        author: Author,
        board_id: str,
        value: object,
        *,
        condition: TagCondition = NO_CONDITION,
        note: str = "",
    ) -> int:
        """Publish a document as the next version of a board, and create the board if it does not exist; return the version.

        ``condition``: the states of the board that may be changed.
        Raises Invalid, Forbidden, ChangedMeanwhile, Conflict (a file has the id, or the board was deleted), Unavailable.
        """
        check_board_id(board_id, field="board")
        self.check_edits(author, board_id)
        self.check_home(board_id)
        document = await asyncio.to_thread(checked, value)  # 1 MiB of selectors takes 100 ms
        async with self._database.write() as tx:
            row = await add_board(tx, board_id, author.name, self._now_ms())
            await self._check_present(tx, row, board_id)
            await self.check_unchanged(tx, row, condition)
            version = await self.publish(tx, row, author, document, note)
        await self.changed()
        return version

    async def publish(
        self, tx: AsyncConnection, row: BoardRow, author: Author, document: Document, note: str, **values: object
    ) -> int:
        """Store a checked document as the next version, in the caller's transaction; return the version.

        ``values``: further columns of the board's row to change.
        """
        if len(note) > _MAX_NOTE:
            raise Invalid(f"has {len(note)} characters; at most {_MAX_NOTE}", field="note")
        check_text(note, field="note")
        now_ms, text = self._now_ms(), encode_document(document).decode()
        version = row.version + 1
        where = {} if self._is_file(row.id) else {"document": text}  # a file's text is its home
        await add_version(tx, BoardVersion(row.id, version, text, author.name, now_ms, note))
        await change_board(tx, row.id, version=version, changed_by=author.name, changed_ms=now_ms, **where, **values)
        await ensure_room(tx, row.id, "board", str(document["title"]), now_ms)
        await record(tx, now_ms, author.name, "board.published", row.id, author.address, version=version, note=note)
        return version

    def _is_file(self, board_id: str) -> bool:
        return any(each.id == board_id and each.source == "file" for each in self._boards.every())

    def check_home(self, board_id: str) -> None:
        """Raise Conflict for a board that is a file."""
        shown = next((each for each in self._boards.every() if each.id == board_id), None)
        if shown is not None and shown.source == "file":
            where = "comes with the server" if self._boards.is_given(board_id) else f"is the file {shown.path}"
            raise Conflict(f"{board_id} {where}; put a copy under another id, or edit the file")

    async def _check_present(self, tx: AsyncConnection, row: BoardRow, board_id: str) -> None:
        if row.moved_to:
            raise Conflict(f"{board_id} was renamed to {row.moved_to}; use that id, or a new id")
        if row.deleted_ms is not None:
            raise Conflict(f"{board_id} was deleted; restore it, or choose another id")
        if not row.document and (await private_ever(tx)).get(board_id):
            raise Conflict(f"{board_id} was the id of a deleted private board; choose another id")

    async def check_unchanged(self, tx: AsyncConnection, row: BoardRow, condition: TagCondition) -> None:
        """Raise ChangedMeanwhile if the published state of a board does not meet a condition."""
        tag = tag_of(row.document.encode()) if row.document else ""
        if self._is_file(row.id):
            tag = self._boards.shown(row.id).tag
        if condition.excludes(tag):
            raise ChangedMeanwhile(f"{row.id} exists already; read it, and send its ETag as If-Match")
        if condition.allows(tag):
            return
        if not tag:
            raise ChangedMeanwhile(f"there is no board {row.id}: it was deleted, or never published")
        read = next(
            (v for v in await versions_of(tx, row.id, _SEARCHED) if tag_of(v.document.encode()) in condition.match),
            None,
        )
        what = (
            "; ".join(words_between(read.document, row.document))
            if read and row.document
            else "the ETag matches no recent version"
        )
        raise ChangedMeanwhile(f"{row.changed_by} has changed {row.id} meanwhile (version {row.version}): {what}")

    async def _row(self, tx: AsyncConnection, board_id: str) -> BoardRow:
        row = await read_board(tx, board_id)
        if row is None or row.moved_to or not (row.document or row.draft or row.version):
            raise Boards.missing(board_id)
        return row

    def present_id(self, author: Author, board_id: str) -> str:
        """Return the present id of a renamed board; the same id if it was not renamed, or if the author may not see it."""
        present = self._boards.moved_to(board_id)
        return present if self._access.sees(author.caller, present) else board_id

    def check_present(self, author: Author, board_id: str) -> None:
        """Raise Moved if a board was renamed, and the author may see it under its present id."""
        if (present := self.present_id(author, board_id)) != board_id:
            raise Moved(f"the board {board_id[:40]!a} is {present!a} now", present)

    # --- versions ---

    async def versions(
        self, author: Author, board_id: str, limit: int, before: int | None = None
    ) -> list[BoardVersion]:
        """Return the versions of a board, the newest first; ``before``: only versions with a smaller number. Raises
        NotFound, Forbidden, Unavailable."""
        self.check_edits(author, board_id)
        async with self._database.read() as tx:
            await self._row(tx, board_id)
            return await versions_of(tx, board_id, limit, before)

    async def version(self, author: Author, board_id: str, number: int) -> BoardVersion:
        """Return one version of a board; raises NotFound, Forbidden, Unavailable."""
        self.check_edits(author, board_id)
        async with self._database.read() as tx:
            found = await read_version(tx, board_id, number)
        if found is None:
            raise NotFound(f"{board_id[:40]} has no version {number}")
        return found

    # --- the board itself ---

    async def archive(
        self, author: Author, board_id: str, *, archived: bool, condition: TagCondition = NO_CONDITION
    ) -> None:
        """Hide a board from the lists, or list it again; an archived board keeps its URL. ``condition``: see ``put``."""
        self.check_edits(author, board_id)
        self.check_home(board_id)
        async with self._database.write() as tx:
            await self.check_unchanged(tx, await self._row(tx, board_id), condition)
            await change_board(tx, board_id, archived=archived)
            await record(tx, self._now_ms(), author.name, "board.archived", board_id, author.address, archived=archived)
        await self.changed()

    async def rename(self, author: Author, board_id: str, to: str, condition: TagCondition = NO_CONDITION) -> None:
        """Give a board another id, or a former id of its own; the old URL redirects to it.

        ``condition``: see ``put``. Raises ChangedMeanwhile, Conflict (``to`` is or was the id of another board, or either id is private).
        """
        check_board_id(to)
        self.check_edits(author, board_id)
        self.check_home(board_id)
        if self._access.is_private(board_id):
            raise Conflict(
                f"{board_id} is private because of its id; make a copy, and add the copy's id to private_boards"
            )
        async with self._database.write() as tx:
            row = await self._row(tx, board_id)
            await self.check_unchanged(tx, row, condition)
            known = await read_board(tx, to)
            is_taken = known is not None and known.moved_to != board_id
            if is_taken or self._boards.is_shown(to) or self._access.is_private(to):
                raise Conflict(f"the id {to} belongs or belonged to another board; choose another id")
            await move_board(tx, row, to, author.name, self._now_ms())
            await ensure_room(tx, to, "board", str(decode_document(row.document)["title"]), self._now_ms())
            await record(tx, self._now_ms(), author.name, "board.renamed", board_id, author.address, to=to)
        await self.changed()

    async def delete(self, author: Author, board_id: str, *, condition: TagCondition = NO_CONDITION) -> None:
        """Delete a board; it can be brought back for 30 days. ``condition``: see ``put``.

        Raises NotFound, Forbidden, ChangedMeanwhile, Conflict (the board is a file).
        """
        self.check_edits(author, board_id)
        self.check_home(board_id)
        async with self._database.write() as tx:
            row = await self._row(tx, board_id)
            if row.deleted_ms is not None:
                raise Boards.missing(board_id)
            await self.check_unchanged(tx, row, condition)
            await change_board(tx, board_id, deleted_ms=self._now_ms())
            if self._access.is_private(board_id):
                await note_private(tx, board_id, gone=True)
            await record(tx, self._now_ms(), author.name, "board.deleted", board_id, author.address)
        await self.changed()

    async def deleted(self, author: Author) -> list[DeletedBoard]:
        """Return the deleted boards that the author may bring back, the last deleted first."""
        async with self._database.read() as tx:
            rows = await deleted_boards(tx, self._now_ms() - DELETED_KEPT_MS)
        return [
            DeletedBoard(row.id, _title_of(row), (row.deleted_ms or 0) + DELETED_KEPT_MS)
            for row in rows
            if self._access.edits(author.caller, row.id)
        ]

    async def restore(self, author: Author, board_id: str) -> None:
        """Bring a deleted board back, as it was; raises NotFound, Forbidden, Unavailable."""
        self.check_edits(author, board_id)
        async with self._database.write() as tx:
            row = await self._row(tx, board_id)
            if row.deleted_ms is None or row.deleted_ms < self._now_ms() - DELETED_KEPT_MS:
                raise NotFound(f"{board_id[:40]} is not deleted, or was deleted more than 30 days ago")
            await change_board(tx, board_id, deleted_ms=None)
            if self._access.is_private(board_id):
                await note_private(tx, board_id, gone=False)
            await record(tx, self._now_ms(), author.name, "board.restored", board_id, author.address)
        await self.changed()

    async def changed(self) -> None:
        """Show a committed change in this process at once, and signal the other processes to read it."""
        await self._stored.look()
        await self._directory.changed()


def words_between(old: str, new: str) -> list[str]:
    """Describe in words the differences between two documents, given as JSON texts."""
    one, two = complete(decode_document(old)), complete(decode_document(new))
    return in_words(differences(one, two), one, two)
