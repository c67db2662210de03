"""Merging of changes of published boards into open drafts. A published board changes when its file is edited, or when
another version is published.

Every process that sees a change submits the change. The store accepts the change only once in a draft, under a key made from
the states before and after. Of a file the key has no time: another machine may get the same change of its copy hours later,
and what editors have done since must not be overwritten.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import NamedTuple

from dashboard.boards.boards import Boards, ShownBoard
from dashboard.boards.drafts import FILE, Drafts
from dashboard.domain.errors import DashboardError

_log = logging.getLogger(__name__)

#: Changes of files that are counted; beyond it counting begins anew, and a change that comes again may be merged once less.
_MAX_COUNTED = 10_000
#: Most waiting changes; a further change is dropped, and the draft's editor sees the difference when publishing.
_MAX_WAITING = 1_000


class _Changed(NamedTuple):
    before: ShownBoard
    now: ShownBoard


class DraftFollower:
    """Task that merges each change of a published board into its open draft."""

    def __init__(self, *, drafts: Drafts, boards: Boards) -> None:
        self._drafts = drafts
        self._changed: asyncio.Queue[_Changed] = asyncio.Queue(_MAX_WAITING)
        self._times: Counter[tuple[str, str, str]] = Counter()  # how often a file changed from one state to another
        boards.subscribe(self._note)

    def _note(self, board_id: str, before: ShownBoard | None, now: ShownBoard | None) -> None:
        if before is not None and now is not None and before.tag != now.tag and not self._changed.full():
            self._changed.put_nowait(_Changed(before, now))

    async def run(self) -> None:
        """Merge changes into drafts until cancelled."""
        while True:
            before, now = await self._changed.get()
            author = FILE if now.source == "file" else now.changed_by
            key = f"{before.tag} {now.tag} {self._number(before, now)}"
            try:
                await self._drafts.merge(now.id, before.document, now.document, key, author)
            except DashboardError as error:
                _log.warning("the change of %s was not merged into its draft: %s", now.id, error)

    def _number(self, before: ShownBoard, now: ShownBoard) -> int:
        """Return what tells this change from an earlier one between the same states, the same in every process."""
        if now.source == "store":
            return now.version
        if len(self._times) >= _MAX_COUNTED:
            self._times.clear()
        change = now.id, before.tag, now.tag
        self._times[change] += 1
        return self._times[change]
