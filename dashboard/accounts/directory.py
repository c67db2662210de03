"""Directory of users, tokens, rooms and revocations in memory, so that checking a request needs no query of the store.

Reads changes once a second, and at once after a signal from another process.  So a revocation takes effect everywhere within
two seconds, and known users and tokens stay valid while the store does not answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from dashboard.domain.errors import Unavailable
from dashboard.domain.identity import Token, User
from dashboard.domain.room import Room
from dashboard.entries.signals import DirectoryChanged
from dashboard.runtime import SingleFlight
from dashboard.store.commit_count import CommitMark
from dashboard.store.database import Database
from dashboard.store.revisions import latest_revision
from dashboard.store.rooms import changed_rooms
from dashboard.store.tokens import changed_tokens, revoked_links
from dashboard.store.users import changed_revocations, changed_users

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
#: While nothing is committed, the store is asked this seldom, only to notice that it no longer answers.
_QUERY_EVERY_S = 5.0
#: Pause between two refreshes, so that guessed tokens and rooms cannot load the store.
_REFRESH_EVERY_S = 0.05
#: Time after its end that a revoked session is remembered: a clock that is ahead for a while must not make it valid again.
_REVOKED_KEPT_MS = 30 * 86_400_000
#: A change does not wait longer for its signal to be published: the other processes also read every second.
_PUBLISH_S = 0.5


class Directory:
    """Copy of the store in memory. ``publish`` sends a signal to the other processes; None if there are no other processes."""

    def __init__(
        self,
        database: Database,
        *,
        now_ms: Callable[[], int],
        publish: Callable[[DirectoryChanged], Awaitable[bool]] | None = None,
    ) -> None:
        self._database = database
        self._now_ms = now_ms
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}  # by hash
        self.rooms: dict[str, Room] = {}
        self._revoked: dict[str, int] = {}  # sessions and links -> when they would have expired
        self._revision = 0
        self._seen: CommitMark | None = None  # of the store, before it was last read
        self._read_s = 0.0  # when it was last read, on the loop's clock
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._refreshed = SingleFlight(self._try_to_look, _REFRESH_EVERY_S)
        self._on_change: list[Callable[[], None]] = []
        self._publish = publish
        self.fault = ""

    def user(self, user_id: str) -> User | None:
        """Return a user who may log in; None if the user is unknown or disabled."""
        user = self.users.get(user_id)
        return None if user is None or user.disabled else user

    def is_revoked(self, session: str) -> bool:
        """Return whether a session or link was revoked."""
        return session in self._revoked

    async def run(self) -> None:
        """Read changes every second, or sooner after ``look_soon``, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                if self.fault or not await self._is_still():
                    await self._look_twice()
                self.fault = ""
            except Unavailable as error:
                if not self.fault:
                    _log.warning("%s; known users and tokens stay valid", error)
                self.fault = str(error)

    async def _is_still(self) -> bool:
        """Return whether the store was read lately, and nothing has been committed since."""
        if asyncio.get_running_loop().time() - self._read_s >= _QUERY_EVERY_S:
            return False
        mark = await self._database.mark()
        return mark is not None and mark == self._seen

    async def _look_twice(self) -> None:
        """Read changes, with one retry.

        A first timeout may come from a blocked event loop of this process, not from the store.
        """
        try:
            await self.look()
        except Unavailable:
            if self.fault:
                raise
            await self.look()

    def subscribe(self, handler: Callable[[], None]) -> None:
        """Call ``handler`` after each change that was applied."""
        self._on_change.append(handler)

    def look_soon(self) -> None:
        """Read changes soon, because something has changed or a signal may have been missed."""
        self._wake.set()

    async def look(self) -> None:
        """Read and apply the new changes in the store; raises Unavailable."""
        async with self._lock:
            mark, began_s = await self._database.mark(), asyncio.get_running_loop().time()
            async with self._database.read() as tx:
                revision = await latest_revision(tx)
                if revision == self._revision:
                    self._seen, self._read_s = mark, began_s
                    return
                after = 0 if revision < self._revision else self._revision  # the store was replaced by another
                users = await changed_users(tx, after)
                tokens = await changed_tokens(tx, after)
                rooms = await changed_rooms(tx, after)
                revoked = await changed_revocations(tx, after) | await revoked_links(tx, after)
            self._take(after, users, tokens, rooms, revoked)
            self._revision, self._seen, self._read_s = revision, mark, began_s
        for handler in self._on_change:
            handler()

    def _take(
        self,
        after: int,
        users: list[tuple[User, bool]],
        tokens: list[tuple[str, Token, bool]],
        rooms: list[tuple[Room, bool]],
        revoked: dict[str, int],
    ) -> None:
        if not after:
            for known in (self.users, self.tokens, self.rooms, self._revoked):
                known.clear()
        for user, _ in users:  # deleted users keep their names, for their messages
            self.users[user.id] = user
        for token_hash, token, is_revoked in tokens:
            if is_revoked:
                self.tokens.pop(token_hash, None)
            else:
                self.tokens[token_hash] = token
        for room, closed in rooms:
            if closed:
                self.rooms.pop(room.id, None)
            else:
                self.rooms[room.id] = room
        horizon_ms = self._now_ms() - _REVOKED_KEPT_MS
        self._revoked = {key: ends for key, ends in self._revoked.items() if ends > horizon_ms} | revoked

    async def refresh(self) -> bool:
        """Read everything stored before this call; return False if the store does not answer. Concurrent calls share one read.

        Call it when an id or token is unknown here: another process may have just created it.
        """
        return not self.fault and await self._refreshed()

    async def _try_to_look(self) -> bool:
        if self.fault:
            return False
        try:
            await self.look()
        except Unavailable as error:
            _log.debug("directory not refreshed: %s", error)
            return False
        return True

    async def changed(self) -> None:
        """Read a change that this process has committed, and signal the other processes.

        If the store does not answer, nothing is raised: the change is then read within a second.
        """
        try:
            await self.look()
        except Unavailable:
            self.look_soon()
        if self._publish is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PUBLISH_S):
                    await self._publish(DirectoryChanged())
