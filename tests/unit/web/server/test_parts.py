"""Long answers leave in parts, each after the client has read the one before."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from tornado.web import RequestHandler

from dashboard.web.server.parts import joined, write_parts


class Written:
    """Handler that notes what is written and flushed."""

    def __init__(self) -> None:
        self.waiting = 0
        self.flushed: list[int] = []

    def write(self, part: bytes) -> None:
        self.waiting += len(part)

    async def flush(self) -> None:
        self.flushed.append(self.waiting)
        self.waiting = 0


@pytest.mark.gen_test
async def test_the_client_has_to_read_before_much_more_is_made() -> None:
    made: list[int] = []
    written = Written()

    def parts() -> Any:
        for number in range(10):
            made.append(number)
            yield b"x" * 100_000

    await write_parts(cast(RequestHandler, written), parts())
    assert written.flushed == [300_000] * 3
    assert (len(made), written.waiting) == (10, 100_000)


class Unread(Written):
    """Handler of a client that reads nothing."""

    def flush(self) -> Any:  # type: ignore[override]  # a future that never ends
        self.flushed.append(self.waiting)
        self.waiting = 0
        return asyncio.get_running_loop().create_future()


@pytest.mark.gen_test
async def test_what_is_made_goes_to_the_stream_at_once_where_it_is_counted_as_unread() -> None:
    written = Unread()
    await write_parts(cast(RequestHandler, written), [b"x" * 100_000] * 10, are_made=True)
    assert written.flushed == [300_000] * 3


@pytest.mark.parametrize("count", [0, 1, 7, 5_000, 20_000])
def test_texts_are_joined_to_parts_and_stay_a_list(count: int) -> None:
    texts = [b"%d" % number for number in range(count)]
    parts = list(joined(texts))
    assert b"".join(parts) == b",".join(texts)
    assert max(map(len, parts), default=0) < 140_000
    assert len(parts) == -(-sum(map(len, texts)) // 65_536)
