"""Log of a room: its newest messages, in the order of its changes. Pure.

Processes commit a change and then append it to the journal, so changes may arrive slightly out of the log's order.  An early
change waits until all changes before it have arrived or were read from the store.  So all users see the
same order.
"""

from __future__ import annotations

from dashboard.domain.room import Message

#: Newest messages kept of a room; older ones are read from the store.
_KEPT = 400
#: Changes held back at the same time; further ones are dropped here and read from the store with those that are missing.
_MAX_HELD = 2_000


class RoomLog:
    """Newest messages of a room. Changes up to ``seq`` are applied; all messages changed after ``whole_after`` are in memory."""

    def __init__(self, seq: int, whole_after: int, messages: list[Message]) -> None:
        self.seq = seq
        self.whole_after = whole_after
        self._messages = {message.seq: message for message in sorted(messages, key=lambda each: each.seq)}
        self._held: dict[int, Message] = {}  # by changed_seq

    @property
    def waits(self) -> bool:
        """True while changes wait because an earlier change is missing."""
        return bool(self._held)

    def take(self, message: Message) -> list[Message]:
        """Take a change; return the changes that users can see now, in order.

        Return none if the change is known already, or if a change before it is missing.
        """
        if message.changed_seq <= self.seq:
            return []
        if len(self._held) < _MAX_HELD:
            self._held[message.changed_seq] = message
        return self._release()

    def catch_up(self, changes: list[Message], last_seq: int) -> list[Message]:
        """Take all changes after ``seq`` up to ``last_seq``, as read from the store; return the new changes, in order."""
        fresh = [each for each in changes if each.changed_seq > self.seq]
        for message in sorted(fresh, key=lambda each: each.seq):  # in ``fresh`` an edited old message comes last
            self._keep(message)
        self.seq = max(self.seq, last_seq)
        self._held = {seq: held for seq, held in self._held.items() if seq > self.seq}
        return fresh + self._release()

    def _release(self) -> list[Message]:
        released = []
        while (message := self._held.pop(self.seq + 1, None)) is not None:
            self.seq += 1
            self._keep(message)
            released.append(message)
        return released

    def _keep(self, message: Message) -> None:
        known = message.seq in self._messages
        if not known and self._messages and message.seq < next(iter(self._messages)):
            self.whole_after = max(self.whole_after, message.changed_seq)  # a change of an old message: not kept
            return
        between = not known and bool(self._messages) and message.seq < next(reversed(self._messages))
        self._messages[message.seq] = message
        if between:
            self._messages = dict(sorted(self._messages.items()))
        if len(self._messages) > _KEPT:
            oldest = self._messages.pop(next(iter(self._messages)))
            self.whole_after = max(self.whole_after, oldest.changed_seq)

    def forget(self, before_ms: int) -> None:
        """Drop messages older than ``before_ms``."""
        while self._messages and (oldest := next(iter(self._messages.values()))).t_ms < before_ms:
            del self._messages[oldest.seq]
            self.whole_after = max(self.whole_after, oldest.changed_seq)

    def newest(self, limit: int) -> list[Message] | None:
        """Return the newest messages, oldest first; None if not all of them are in memory."""
        if len(self._messages) < limit and self.whole_after:
            return None
        return list(self._messages.values())[-limit:]

    def since(self, seq: int, limit: int) -> list[Message] | None:
        """Return the messages changed after ``seq``, in the order of changes; None if they are more than ``limit`` or not all in memory."""
        if not self.whole_after <= seq <= self.seq:
            return None
        changed = sorted(
            (each for each in self._messages.values() if each.changed_seq > seq), key=lambda each: each.changed_seq
        )
        return changed if len(changed) <= limit else None

    def unread(self, user: str, mark: int) -> int | None:
        """Return the number of messages of other users after ``mark``; None if not all of them are in memory."""
        if self.whole_after > mark:
            return None
        return sum(each.seq > mark and each.author != user and not each.deleted for each in self._messages.values())
