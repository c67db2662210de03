"""Routes of boards."""

from __future__ import annotations

from dashboard.web.boards import boards, drafts, marks
from dashboard.web.boards.boards import BoardServices
from dashboard.web.server.route import AnyRoute, Route


def board_routes(services: BoardServices) -> list[AnyRoute]:
    """Return the routes of boards."""
    return [
        Route("/api/v1/boards", boards.BoardsHandler, services),
        Route("/api/v1/boards/{board}", boards.BoardHandler, services),
        Route("/api/v1/boards/{board}/versions", boards.VersionsHandler, services),
        Route("/api/v1/boards/{board}/versions/{number}", boards.VersionHandler, services),
        Route("/api/v1/boards/{board}/diff", boards.DiffHandler, services),
        Route("/api/v1/boards/{board}/rollback", boards.RollbackHandler, services),
        Route("/api/v1/boards/{board}/restore", boards.RestoreHandler, services),
        Route("/api/v1/boards/{board}/draft", drafts.DraftHandler, services),
        Route("/api/v1/boards/{board}/draft/text", drafts.TextHandler, services),
        Route("/api/v1/boards/{board}/operations", drafts.OperationsHandler, services),
        Route("/api/v1/boards/{board}/undo", drafts.UndoHandler, services),
        Route("/api/v1/boards/{board}/publish", drafts.PublishHandler, services),
        Route("/api/v1/boards/{board}/marks", marks.MarksHandler, services),
        Route("/api/v1/boards/{board}/reach", drafts.ReachHandler, services),
        Route("/api/v1/schema/board.json", boards.SchemaHandler, None),
    ]
