"""Sending of a long answer in parts: other tasks run between two parts, and a slow client delays only itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tornado.web import RequestHandler

from dashboard.turns import next_turn

#: A longer answer is sent while it is made; each time that so many bytes are ready, the client has to read them first.
_SENT_BYTES = 1 << 18
#: Least length of a part: encoding and copying it takes well below a millisecond.
_PART_BYTES = 1 << 16


async def write_parts(handler: RequestHandler, parts: Iterable[bytes], *, are_made: bool = False) -> None:
    """Write the parts of an answer, which may be made meanwhile; the caller finishes the answer.

    ``are_made``: whether all parts are in memory. The stream then takes them over at once, so that they are counted among the bytes
    that clients have not read.
    """
    waiting = 0
    await next_turn()
    for part in parts:
        handler.write(part)
        waiting += len(part)
        if waiting >= _SENT_BYTES:
            waiting, written = 0, handler.flush()
            if not are_made:
                await written  # waits for a slow client
        await next_turn()


def joined(texts: Iterable[bytes], between: bytes = b",") -> Iterator[bytes]:
    """Yield short texts as parts, with ``between`` between two texts."""
    some: list[bytes] = []
    length, follows = 0, False
    for text in texts:
        some.append(text)
        length += len(text)
        if length >= _PART_BYTES:
            yield (between if follows else b"") + between.join(some)
            some, length, follows = [], 0, True
    if some:
        yield (between if follows else b"") + between.join(some)
