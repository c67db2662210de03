"""The body of one request as it arrives: bounded, decompressed in small steps, and freed when the request ends."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from dashboard.domain.errors import DashboardError, Invalid, Overloaded, TooLarge

#: Decompressed in one step, about a millisecond.
_STEP_BYTES = 256 << 10
#: Members of a gzip body that are opened in one step, and at all: each costs work, although it may hold nothing.
_STEP_MEMBERS = 100
_MAX_MEMBERS = 100_000


class BodyBudget:
    """Bytes of request bodies that this process holds now, over all requests, and their limit."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.held_bytes = 0

    def take(self, count: int) -> bool:
        """Reserve ``count`` bytes; return False if the limit would be exceeded."""
        if self.held_bytes + count > self._max_bytes:
            return False
        self.held_bytes += count
        return True

    def give_back(self, count: int) -> None:
        """Release ``count`` reserved bytes."""
        self.held_bytes -= count


class RequestBody:
    """Body of a request. ``refused``: the reason why the body is not accepted; the rest of the body is then read and thrown away.

    ``max_bytes`` limits both the received bytes and the decompressed bytes.
    """

    def __init__(self, *, max_bytes: int, budget: BodyBudget, gzip: bool) -> None:
        self._max_bytes = max_bytes
        self._budget = budget
        self._gunzip = zlib.decompressobj(31) if gzip else None
        self._chunks: list[bytes] = []
        self._members = 0
        self._arrived = 0
        self.size = 0
        self.is_cut_off = False
        self.refused: DashboardError | None = None

    @property
    def is_gzip(self) -> bool:
        """True if chunks are decompressed and ``take`` has several steps."""
        return self._gunzip is not None

    def take(self, chunk: bytes) -> Iterator[None]:
        """Store an arrived chunk, or set ``refused``. The caller runs the iterator to its end; other tasks may run between its steps."""
        self._arrived += len(chunk)
        if self._arrived > self._max_bytes:
            self.refuse(TooLarge(f"the body has more than {self._max_bytes} bytes; send less at a time"))
        if self._gunzip is None:
            self._keep(chunk)
            return
        members = 0
        while chunk and self.refused is None:
            try:
                data = self._gunzip.decompress(chunk, min(_STEP_BYTES, self._max_bytes - self.size + 1))
            except zlib.error:
                self.refuse(Invalid("the body is not gzip", field="Content-Encoding"))
                return
            self._keep(data)
            chunk = self._gunzip.unconsumed_tail or self._gunzip.unused_data
            self.is_cut_off = not self._gunzip.eof
            if self._gunzip.eof:
                self._gunzip = zlib.decompressobj(31)
                self._members += 1
                members += 1
                if self._members > _MAX_MEMBERS:
                    self.refuse(
                        Invalid(
                            f"the gzip body has more than {_MAX_MEMBERS} members; compress it in one piece",
                            field="Content-Encoding",
                        )
                    )
            if data or not members % _STEP_MEMBERS:
                yield

    def _keep(self, data: bytes) -> None:
        if self.refused is not None or not data:
            return
        if self.size + len(data) > self._max_bytes:
            self.refuse(TooLarge(f"the body has more than {self._max_bytes} bytes; send less at a time"))
        elif not self._budget.take(len(data)):
            self.refuse(Overloaded("too many request bodies are in memory; try again in a second"))
        else:
            self.size += len(data)
            self._chunks.append(data)

    def refuse(self, error: DashboardError) -> None:
        """Read no more of the body and free the part read so far; keep the error of the first call."""
        if self.refused is None:
            self.refused = error
            self._drop()

    def begun(self) -> bytes:
        """Return the first chunk, decompressed."""
        return self._chunks[0] if self._chunks else b""

    def so_far(self) -> bytes:
        """Return the part of the body that has arrived, decompressed."""
        self._chunks = [b"".join(self._chunks)]  # joined once, for further calls
        return self._chunks[0]

    def whole(self) -> bytes:
        """Return the whole body, decompressed; raises ``refused`` if that is set, or Invalid if the body ends too early."""
        if self.refused is not None:
            raise self.refused
        if self.is_cut_off:
            raise Invalid("the gzip body is cut off", field="Content-Encoding")
        return self.so_far()

    def replace(self, data: bytes) -> None:
        """Store a body in another form, such as its decompressed bytes; raises Overloaded if it does not fit into the budget."""
        self._drop()
        self._keep(data)
        if self.refused is not None:
            raise self.refused

    def close(self) -> None:
        """Free everything, also the error's traceback, which would keep objects in memory."""
        self._drop()
        self._gunzip = None
        if self.refused is not None:
            self.refused = self.refused.with_traceback(None)

    def _drop(self) -> None:
        self._budget.give_back(self.size)
        self.size = 0
        self._chunks = []
