"""Resolver of watch requests: finds the view of a board or of selectors, and checks that the caller may see it."""

from __future__ import annotations

from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards, ShownBoard
from dashboard.domain.errors import Invalid, Moved, NotAuthenticated, NotFound
from dashboard.domain.identity import Caller, Role
from dashboard.expressions.watched import watched_again
from dashboard.hub.view import ViewSpec
from dashboard.messages.boards import encode_shown
from dashboard.messages.views import Watch

DEFAULT_WINDOW_S = 900.0
DEFAULT_RATE_HZ = 10.0
DEFAULT_POINTS = 1_000
#: Boards whose JSON is kept.
_ENCODED_BOARDS = 64


class ViewResolver:
    """Resolver of watch requests. A request with more than ``max_selectors`` is refused."""

    def __init__(self, boards: Boards, access: Access, *, max_selectors: int = 100) -> None:
        self._boards = boards
        self._access = access
        self._max_selectors = max_selectors
        self._encoded: dict[
            str, tuple[ShownBoard, str, bytes]
        ] = {}  # by board: what the JSON was made of, and the JSON

    def __call__(self, request: Watch, caller: Caller) -> tuple[ViewSpec, bytes | None]:
        """Return the view, and the board's JSON if the request names one; raises Invalid, NotFound, NotAuthenticated, Moved."""
        if (request.board is None) == (not request.selectors):
            raise Invalid("needs either board or selectors, not both", field="watch")
        places: list[int] | None = None  # not known
        if request.board is not None:
            if not self._access.sees(caller, request.board):
                raise _unseen(caller, self._boards, request.board)
            shown = self._shown(request.board, caller)
            board = shown.board
            texts, places = board.watched()
            json = self._json_of(shown)
            skip = request.skip if request.tag == shown.tag else []  # indices of another state mean other tiles
            window_s, rate_hz = request.window_s or board.window_s, request.rate_hz or board.rate_hz
        else:
            if caller.role < Role.VIEWER and caller.token is None:
                raise NotAuthenticated("authenticate first: selectors need the role viewer")
            if len(request.selectors) > self._max_selectors:
                raise Invalid(f"has {len(request.selectors)} entries; at most {self._max_selectors}", field="selectors")
            texts, json, skip = request.selectors, None, request.skip
            window_s, rate_hz = request.window_s or DEFAULT_WINDOW_S, request.rate_hz or DEFAULT_RATE_HZ
        if skip and max(skip) >= len(texts):
            raise Invalid(f"names the selector {max(skip)}; there are {len(texts)}, counted from 0", field="skip")
        window_ms, points = int(window_s * 1000), request.points or DEFAULT_POINTS
        found = watched_again(texts, places, window_ms)
        skipped = tuple(sorted(set(skip)))
        return ViewSpec(found.selectors, window_ms, float(rate_hz), points, found.expressions, skipped), json

    def _shown(self, board_id: str, caller: Caller) -> ShownBoard:
        moved = self._boards.moved_to(board_id)
        if moved != board_id and self._access.sees(caller, moved):
            raise Moved(f"the board {board_id!a} is {moved!a} now", moved)
        return self._boards.shown(board_id)

    def _json_of(self, shown: ShownBoard) -> bytes:
        """Return a board's JSON, which is encoded once for all screens until the board or its fault changes."""
        fault = self._boards.fault_of(shown.id)
        known = self._encoded.get(shown.id)
        if known is None or known[0] is not shown or known[1] != fault:
            if len(self._encoded) >= _ENCODED_BOARDS:
                self._encoded.clear()
            known = self._encoded[shown.id] = shown, fault, encode_shown(shown.board, shown.tag, fault)
        return known[2]


def _unseen(caller: Caller, boards: Boards, board_id: str) -> NotAuthenticated | NotFound:
    """Return NotFound for a known caller, who must not learn that the board exists, else NotAuthenticated."""
    if caller.kind in ("anonymous", "share"):
        return NotAuthenticated("authenticate first: this board is not public")
    return boards.missing(board_id)
