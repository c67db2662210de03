"""Turn a watch request into the view it wants: a board's, or its own selectors'."""

from __future__ import annotations

from dashboard.domain.board import to_json
from dashboard.domain.errors import Invalid
from dashboard.domain.selector import parse_selector
from dashboard.hub.view import ViewSpec
from dashboard.protocol.messages import Watch
from dashboard.services.boards import Boards

DEFAULT_WINDOW_S = 900.0
DEFAULT_RATE_HZ = 10.0
DEFAULT_POINTS = 1_000


class ResolveView:
    """``max_selectors`` bounds one request."""

    def __init__(self, boards: Boards, *, max_selectors: int = 100) -> None:
        self._boards = boards
        self._max_selectors = max_selectors

    def __call__(self, request: Watch) -> tuple[ViewSpec, bytes | None]:
        """The view, and the board's JSON where one was named; raises Invalid, NotFound."""
        if (request.board is None) == (not request.selectors):
            raise Invalid("say either board or selectors", field="watch")
        if request.board is not None:
            board = self._boards.get(request.board)
            selectors, json = board.selectors(), to_json(board)
            window_s, rate_hz = request.window_s or board.window_s, request.rate_hz or board.rate_hz
        else:
            if len(request.selectors) > self._max_selectors:
                raise Invalid(f"{len(request.selectors)}; at most {self._max_selectors}", field="selectors")
            selectors, json = tuple(parse_selector(s) for s in request.selectors), None
            window_s, rate_hz = request.window_s or DEFAULT_WINDOW_S, request.rate_hz or DEFAULT_RATE_HZ
        return ViewSpec(selectors, int(window_s * 1000), float(rate_hz), request.points or DEFAULT_POINTS), json
