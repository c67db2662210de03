"""Users, tokens, rooms and revocations in memory: what every request is checked against, without asking the store.

Looks for changes once a second, and at once when another process says that there are some; so what is revoked is
refused within two seconds everywhere, and a store that is away stops nobody who is known.
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
from dashboard.store.database import Database
from dashboard.store.revisions import latest_revision
from dashboard.store.rooms import changed_rooms
from dashboard.store.tokens import changed_tokens, revoked_links
from dashboard.store.users import changed_revocations, changed_users

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
#: Whoever guesses tokens and rooms costs no more looks than this.
_REFRESH_EVERY_S = 0.05
#: Who changes something does not wait longer for the others to be told: they look, too.
_TELL_S = 0.5


class Directory:
    """``publish`` tells the other processes to look, if there may be any."""

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
        self._revoked: dict[str, int] = {}  # sessions and links -> when they would have ended
        self._revision = 0
        self._stirred = asyncio.Event()
        self._looking = asyncio.Lock()
        self._refreshed = SingleFlight(self._try_to_look, _REFRESH_EVERY_S)
        self._on_change: list[Callable[[], None]] = []
        self._publish = publish
        self.fault = ""

    def user(self, user_id: str) -> User | None:
        """A user that may log in."""
        user = self.users.get(user_id)
        return None if user is None or user.disabled else user

    def is_revoked(self, session: str) -> bool:
        """Whether a session or link was ended before its time."""
        return session in self._revoked

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._stirred.wait()
            except TimeoutError:
                pass
            self._stirred.clear()
            try:
                await self._look_surely()
                self.fault = ""
            except Unavailable as error:
                if not self.fault:
                    _log.warning("%s; those who are known go on", error)
                self.fault = str(error)

    async def _look_surely(self) -> None:
        """One failure is not yet the store's: this process itself may have stood still until the time was over."""
        try:
            await self.look()
        except Unavailable:
            if self.fault:
                raise
            await self.look()

    def subscribe(self, handler: Callable[[], None]) -> None:
        """Call ``handler`` after each change that was taken over."""
        self._on_change.append(handler)

    def stir(self) -> None:
        """Look soon: something has changed, or a signal may have been missed."""
        self._stirred.set()

    async def look(self) -> None:
        """Take over what has changed; raises Unavailable."""
        async with self._looking:
            async with self._database.read() as tx:
                revision = await latest_revision(tx)
                if revision == self._revision:
                    return
                after = 0 if revision < self._revision else self._revision  # another store was put in its place
                users = await changed_users(tx, after)
                tokens = await changed_tokens(tx, after)
                rooms = await changed_rooms(tx, after)
                revoked = await changed_revocations(tx, after) | await revoked_links(tx, after)
            self._take(after, users, tokens, rooms, revoked)
            self._revision = revision
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
        for user, _ in users:  # of deleted ones the name stays: what they wrote is still shown
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
        now_ms = self._now_ms()
        self._revoked = {key: ends for key, ends in self._revoked.items() if ends > now_ms} | revoked

    async def refresh(self) -> None:
        """Know what anybody had stored when this was called, as far as the store answers; costs one look for all who wait.

        For who asks for what is not known here: another process may just have made it.
        """
        if not self.fault:
            await self._refreshed()

    async def _try_to_look(self) -> None:
        if self.fault:
            return
        try:
            await self.look()
        except Unavailable as error:
            _log.debug("not refreshed: %s", error)

    async def changed(self) -> None:
        """This process has changed something in the store: take it over, and tell the others.

        It is done, whatever comes now: what cannot be taken over yet is so in a moment.
        """
        try:
            await self.look()
        except Unavailable:
            self.stir()
        if self._publish is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TELL_S):
                    await self._publish(DirectoryChanged())
