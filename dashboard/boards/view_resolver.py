"""Resolver of watch requests: finds the view of a board or of selectors, and checks that the caller may see it."""

from __future__ import annotations

from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.domain.errors import Invalid, NotAuthenticated, NotFound
from dashboard.domain.identity import Caller, Role
from dashboard.expressions.watched import expressions_among, watched
from dashboard.hub.view import ViewSpec
from dashboard.messages.boards import encode_shown
from dashboard.messages.views import Watch

DEFAULT_WINDOW_S = 900.0
DEFAULT_RATE_HZ = 10.0
DEFAULT_POINTS = 1_000


class ViewResolver:
    """Resolver of watch requests. A request with more than ``max_selectors`` is refused."""

    def __init__(self, boards: Boards, access: Access, *, max_selectors: int = 100) -> None:
        self._boards = boards
        self._access = access
        self._max_selectors = max_selectors

    def __call__(self, request: Watch, caller: Caller) -> tuple[ViewSpec, bytes | None]:
        """Return the view, and the board's JSON if the request names one; raises Invalid, NotFound, NotAuthenticated."""
        if (request.board is None) == (not request.selectors):
            raise Invalid("needs either board or selectors, not both", field="watch")
        if request.board is not None:
            if not self._access.sees(caller, request.board):
                raise _unseen(caller, self._boards, request.board)
            shown = self._boards.shown(request.board)
            board = shown.board
            texts, places = board.watched()
            json = encode_shown(board, shown.tag, self._boards.fault_of(shown.id))
            window_s, rate_hz = request.window_s or board.window_s, request.rate_hz or board.rate_hz
        else:
            if caller.role < Role.VIEWER and caller.token is None:
                raise NotAuthenticated("authenticate first: selectors need the role viewer")
            if len(request.selectors) > self._max_selectors:
                raise Invalid(f"has {len(request.selectors)} entries; at most {self._max_selectors}", field="selectors")
            texts, places, json = request.selectors, expressions_among(request.selectors), None
            window_s, rate_hz = request.window_s or DEFAULT_WINDOW_S, request.rate_hz or DEFAULT_RATE_HZ
        window_ms, points = int(window_s * 1000), request.points or DEFAULT_POINTS
        found = watched(texts, places, window_ms)
        return ViewSpec(found.selectors, window_ms, float(rate_hz), points, found.expressions), json


def _unseen(caller: Caller, boards: Boards, board_id: str) -> NotAuthenticated | NotFound:
    """Return NotFound for a known caller, who must not learn that the board exists, else NotAuthenticated."""
    if caller.kind in ("anonymous", "share"):
        return NotAuthenticated("authenticate first: this board is not public")
    return boards.missing(board_id)
