"""HTTP handlers for boards: the list, a board's document with its ETag, versions, differences, rollback, deletion."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, NamedTuple

import msgspec
from tornado.ioloop import IOLoop

from dashboard.accounts.policies import Access
from dashboard.boards.board_text import parse_board, write_board
from dashboard.boards.boards import Boards, ShownBoard
from dashboard.boards.condition import TagCondition, tags_in
from dashboard.boards.drafts import Drafts, State
from dashboard.boards.latest_boards import LatestBoards
from dashboard.boards.library import Author, Library
from dashboard.boards.own_marks import OwnMarks
from dashboard.boards.visible import seen_board
from dashboard.domain.board_document import Document, board_schema, decode_document, encode_document
from dashboard.domain.errors import ConfigurationError, Invalid, Unavailable
from dashboard.domain.identity import Role
from dashboard.domain.presence import Reach
from dashboard.web.boards.bodies import (
    BoardChange,
    BoardDeleted,
    BoardList,
    BoardListed,
    Differences,
    Published,
    Rollback,
    VersionList,
    VersionListed,
)
from dashboard.web.server.api import ApiHandler
from dashboard.web.server.compression import accepts_gzip
from dashboard.web.server.operation import Operation, Operations

_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
#: Tiles of a board that the index draws.
_DRAWN = 24
#: A longer list is compressed.
_LONG = 8_192
_AS_WRITTEN = "1: YAML text, as its author wrote it"


class BoardServices(NamedTuple):
    """Services of the routes of boards. ``latest`` reads what other processes have published; ``reach`` counts the
    screens and users of a board."""

    boards: Boards
    access: Access
    library: Library
    drafts: Drafts
    latest: LatestBoards
    reach: Callable[[str], Reach]
    marks: OwnMarks


@lru_cache(maxsize=16)
def _yaml_of(document: bytes) -> str:
    return write_board(decode_document(document))


class BoardApi(ApiHandler[BoardServices]):
    """Base of the handlers of boards. The local operator has the same user id here as on the WebSocket.

    ``former_ids_for``: methods that accept a former id of a board; others answer 404 with the code ``moved``.
    """

    talks = True
    former_ids_for: tuple[str, ...] = ("PUT",)

    def prepare(self) -> Awaitable[None]:
        return self._prepare(super().prepare())

    async def _prepare(self, checked: Awaitable[None] | None) -> None:
        if checked is not None:
            await checked
        if self.request.method in ("GET", "HEAD") or not self.path_args:
            await self.services.latest()
        else:
            await self.services.latest.find(self.path_args[0])
        if self.path_args and self.request.method not in self.former_ids_for:
            self.services.library.check_present(self.author, self.path_args[0])

    @property
    def author(self) -> Author:
        """The caller, as author of a change."""
        return Author(self.caller, self.address)

    def condition(self) -> TagCondition:
        """Return the condition in the headers ``If-Match`` and ``If-None-Match``."""
        headers = self.request.headers
        return TagCondition(tags_in(headers.get("If-Match", "")), tags_in(headers.get("If-None-Match", "")))

    async def as_yaml(self, document: Document) -> str:
        """Return a document as YAML, written outside of the event loop: a long one takes a tenth of a second."""
        return await IOLoop.current().run_in_executor(None, _yaml_of, encode_document(document))

    async def parse(self, board_id: str, body: bytes) -> Document:
        """Return the document of a YAML text, parsed outside of the event loop; raises Invalid with the line of the
        fault."""
        try:
            text = body.decode("utf-8")
            return await IOLoop.current().run_in_executor(None, parse_board, text, Path(f"{board_id}.yaml"))
        except UnicodeDecodeError:
            raise Invalid("is not UTF-8", field="body") from None
        except ConfigurationError as error:
            raise Invalid(str(error), field="board") from None

    def published(self, board_id: str, version: int, status: int = 200) -> None:
        """Write the response to the publication of a board's version."""
        tag = self.services.boards.shown(board_id).tag
        self.set_header("ETag", f'"{tag}"')
        self.write_json(Published(board_id, version, tag), status)


class BoardsHandler(BoardApi):
    """``GET /api/v1/boards``: the boards that the caller may see."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "List the boards", returns=BoardList, query={"deleted": "1: also those that the caller can bring back"}
        )
    }

    async def get(self) -> None:
        boards, access = self.services.boards, self.services.access
        seen = [each for each in boards.every() if access.sees(self.caller, each.id)]
        faults = list(boards.faults.values()) if self.caller.role >= Role.OPERATOR else []
        deleted = await self._deleted() if self.get_query_argument("deleted", "") else []
        drafts = await self._drafts()
        listed = [self._listed(each, drafts.get(each.id)) for each in seen]
        await self._write(
            msgspec.json.encode(BoardList(listed, faults, deleted, await self.services.marks.read(self.caller)))
        )

    async def _write(self, body: bytes) -> None:
        """Write the list, compressed if it is long and the client takes that."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Vary", "Accept-Encoding")
        if len(body) > _LONG and accepts_gzip(self.request.headers.get("Accept-Encoding", "")):
            self.set_header("Content-Encoding", "gzip")
            body = await IOLoop.current().run_in_executor(None, gzip.compress, body, 1)
        self.finish(body)

    async def _deleted(self) -> list[BoardDeleted]:
        return [BoardDeleted(*each) for each in await self.services.library.deleted(self.author)]

    async def _drafts(self) -> Mapping[str, tuple[str, int]]:
        """Return author and time of the last edit of each open draft."""
        try:
            return await self.services.drafts.opened()
        except Unavailable:  # this process lists the boards without the store, too
            return {}

    def _listed(self, shown: ShownBoard, draft: tuple[str, int] | None) -> BoardListed:
        boards, board = self.services.boards, shown.board
        may_edit = self.services.access.edits(self.caller, shown.id)
        draft_by, draft_ms = draft if draft and may_edit else ("", 0)
        return BoardListed(
            id=shown.id,
            title=board.title,
            subtitle=board.subtitle,
            folder=board.folder,
            tags=board.tags,
            tiles=len(board.widgets),
            source="server" if boards.is_given(shown.id) else shown.source,
            shadowed=boards.is_shadowed(shown.id),
            archived=shown.archived,
            may_edit=may_edit,
            version=shown.version,
            etag=shown.tag,
            created_by=shown.created_by,
            changed_by=shown.changed_by,
            changed=shown.changed_ms,
            places=[(w.kind, w.x or 0, w.y or 0, w.w, w.h) for w in board.widgets[:_DRAWN]],
            rows=board.rows,
            unknown=shown.unknown,
            fault=boards.fault_of(shown.id),
            draft_by=draft_by,
            draft_t=draft_ms,
        )


class BoardHandler(BoardApi):
    """``/api/v1/boards/ID``: read, publish, rename, archive or delete a board."""

    operations: ClassVar[Operations] = {
        "get": Operation("Get a board's complete document", query={"written": _AS_WRITTEN}, raw=True),
        "put": Operation(
            "Publish a board, as JSON or YAML; If-Match: only if its ETag is this one; If-None-Match *: only if it is new",
            returns=Published,
            query={"note": "what was changed and why, for the list of versions"},
        ),
        "patch": Operation("Rename or archive a board", body=BoardChange, status=204),
        "delete": Operation("Delete a board; it can be brought back for 30 days", status=204),
    }

    async def get(self, board_id: str) -> None:
        seen_board(self.services.boards, self.services.access, self.caller, board_id)
        shown = self.services.boards.shown(board_id)
        self.set_header("ETag", f'"{shown.tag}"')
        if self.condition().excludes(shown.tag):
            self.set_status(304)
            self.finish()
        elif self.get_query_argument("written", ""):
            self.set_header("Content-Type", "application/yaml; charset=utf-8")
            self.set_header("Content-Disposition", f'attachment; filename="{board_id}.yaml"')
            self.finish(shown.text or await self.as_yaml(shown.written))
        else:
            self.write_json(shown.document)

    async def put(self, board_id: str) -> None:
        self.services.library.check_edits(self.author, board_id)
        body, note = self.body(), self.get_query_argument("note", "")
        is_yaml = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower() in _YAML
        if is_yaml:
            value: object = await self.parse(board_id, body)
        else:  # 1 MiB of empty objects takes 60 ms
            value = await IOLoop.current().run_in_executor(None, self.json, dict[str, object])
        version = await self.services.library.put(self.author, board_id, value, condition=self.condition(), note=note)
        self.published(board_id, version, 201 if version == 1 else 200)

    async def patch(self, board_id: str) -> None:
        library = self.services.library
        library.check_edits(self.author, board_id)
        change = self.json(BoardChange)
        if change.archived is not None:
            await library.archive(self.author, board_id, archived=change.archived, condition=self.condition())
        if change.id is not None and change.id != board_id:
            await library.rename(self.author, board_id, change.id, self.condition())
        self.done()

    async def delete(self, board_id: str) -> None:
        await self.services.library.delete(self.author, board_id, condition=self.condition())
        self.done()


class RestoreHandler(BoardApi):
    """``POST /api/v1/boards/ID/restore``: bring a deleted board back."""

    operations: ClassVar[Operations] = {"post": Operation("Bring a deleted board back", status=204)}

    async def post(self, board_id: str) -> None:
        await self.services.library.restore(self.author, board_id)
        self.done()


class VersionsHandler(BoardApi):
    """``GET /api/v1/boards/ID/versions``: the published versions."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "List the versions of a board, the newest first",
            returns=VersionList,
            query={"before": "earlier versions than this one", "limit": "most versions to return, 1 to 100"},
        )
    }

    async def get(self, board_id: str) -> None:
        limit, before = self.number("limit", 50, 1, 100) or 50, self.number("before", None, 1, 2**31)
        found = await self.services.library.versions(self.author, board_id, limit, before)
        self.write_json(VersionList([VersionListed(each.version, each.author, each.t_ms, each.note) for each in found]))


class VersionHandler(BoardApi):
    """``GET /api/v1/boards/ID/versions/NUMBER``: the document of one version."""

    operations: ClassVar[Operations] = {"get": Operation("The document of one version", raw=True)}

    async def get(self, board_id: str, number: str) -> None:
        found = await self.services.library.version(self.author, board_id, int(number))
        self.write_json(decode_document(found.document))


class DiffHandler(BoardApi):
    """``GET /api/v1/boards/ID/diff?old=1&new=draft``: the differences between two states of a board, in words."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "Compare two versions of a board, in words",
            returns=Differences,
            query={name: f"number of the {name} version; published, or draft" for name in ("old", "new")},
        )
    }

    async def get(self, board_id: str) -> None:
        self.services.library.check_edits(self.author, board_id)
        newest = self.services.boards.shown(board_id).version
        new = self._state("new", newest)
        old = self._state("old", new - 1 if isinstance(new, int) else newest)
        self.write_json(Differences(old, new, await self.services.drafts.compare(self.author, board_id, old, new)))

    def _state(self, name: str, default: int) -> int | State:
        said = self.get_query_argument(name, "")
        if said == "published":
            return "published"
        if said == "draft":
            return "draft"
        return self.number(name, max(1, default), 1, 2**31) or 1


class RollbackHandler(BoardApi):
    """``POST /api/v1/boards/ID/rollback``: publish an earlier version again."""

    operations: ClassVar[Operations] = {
        "post": Operation("Publish an earlier version again, as a new one", body=Rollback, returns=Published)
    }

    async def post(self, board_id: str) -> None:
        self.services.library.check_edits(self.author, board_id)
        body = self.json(Rollback)
        version = await self.services.drafts.rollback(
            self.author, board_id, body.version, body.note, condition=self.condition()
        )
        self.published(board_id, version)


class SchemaHandler(ApiHandler[None]):
    """``GET /api/v1/schema/board.json``: the JSON Schema of board documents."""

    operations: ClassVar[Operations] = {"get": Operation("The JSON Schema of board documents", raw=True)}

    def get(self) -> None:
        self.write_json(board_schema())
