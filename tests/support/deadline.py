"""Deadlines of tests: one exception for all that run out of time, and limits that grow on a slower host (``host.py``).

A test that fails by ``DeadlinePassed`` alone gets a second try at the end of the run (``second_try.py``). So a deadline
may only say that something came too late; a wrong value is an ordinary assertion.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import pytest

from tests.support.host import factor
from tests.support.pulse import seconds_since

T = TypeVar("T")
#: Libraries whose own timeouts end a wait of a test; that of Tornado's loop ends a coroutine test (pytest-tornado).
_LIBRARIES = {"asyncio", "socket", "ssl", "http", "urllib", "websockets", "concurrent", "redis", "tornado"}


class DeadlinePassed(AssertionError):
    """Error of a test in which something did not happen in time or took too long."""


def scaled(seconds: float) -> float:
    """Return ``seconds``, as measured on the machine that the limits were set on, for this host."""
    return seconds * factor()


def wait_until(condition: Callable[[], T | None], timeout_s: float = 10, what: object = "") -> T:
    """Poll a condition outside of this process until it is truthy; return its value.

    ``timeout_s`` is scaled. ``what`` is evaluated only for the error. Raises DeadlinePassed.
    """
    began_s, timeout_s = time.monotonic(), scaled(timeout_s)
    while True:
        value = condition()
        if value:
            return value
        if seconds_since(began_s) > timeout_s:
            raise DeadlinePassed(f"not within {timeout_s:g} s: {what or condition}")
        time.sleep(0.02)


def within(took_s: float, limit_s: float, what: str) -> None:
    """Check that a measured time is not longer than ``limit_s``, which is scaled; raises DeadlinePassed."""
    if took_s > scaled(limit_s):
        raise DeadlinePassed(f"{what}: took {took_s:.3g} s, more than {scaled(limit_s):g} s")


def enough(count: float, least: float, what: str) -> None:
    """Check that enough happened within a given time, which depends on the load of the machine; raises DeadlinePassed."""
    if count < least / factor():
        raise DeadlinePassed(f"{what}: {count:g} in this time, not {least / factor():g}")


@asynccontextmanager
async def deadline(seconds: float, what: str = "") -> AsyncIterator[None]:
    """End the block after the given seconds, which are scaled; raises DeadlinePassed then."""
    limit_s = scaled(seconds)
    timeout = asyncio.timeout(limit_s)
    try:
        async with timeout:
            yield
    except TimeoutError:
        if timeout.expired():
            raise DeadlinePassed(f"not within {limit_s:g} s: {what or 'what the block waits for'}") from None
        raise


async def in_time(what: Awaitable[T], seconds: float) -> T:
    """Await the result within the given seconds, which are scaled; raises DeadlinePassed."""
    async with deadline(seconds, f"what {what} gives"):
        return await what


@contextmanager
def timeouts_as_deadlines(what: str) -> Iterator[None]:
    """Convert a timeout of a socket or a process in the block to DeadlinePassed."""
    try:
        yield
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise DeadlinePassed(f"not in time: {what} ({error})") from None


def ran_out(error: BaseException) -> bool:
    """Whether a test failed because a deadline helper ran out, and for no other reason.

    An exception that was being handled meanwhile is another reason. Playwright's own deadlines count: its timeouts, and the
    assertions of its ``expect``, which are asked again until their time is over. So do the limits of a test (pytest-timeout), of
    a coroutine test, of a process that a test has started, and of a library's call in a test (a socket, an HTTP request,
    ``asyncio.timeout``). A timeout that the product raises, or that passes through it, is a fault like any other.
    """
    if not isinstance(error, DeadlinePassed | subprocess.TimeoutExpired) and not _is_anothers(error):
        return False
    other = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return other is None or isinstance(other, (TimeoutError, asyncio.CancelledError)) or ran_out(other)


def _is_anothers(error: BaseException) -> bool:
    """Return whether another's limit passed: Playwright's, a pytest plugin's, or that of a library which a test calls."""
    way = _way(error)
    last = way[-1] if way else ""
    if type(error).__module__.startswith("playwright.") and type(error).__name__ == "TimeoutError":
        return True
    if type(error) is pytest.fail.Exception:
        return "pytest_timeout" in way
    told = getattr(error, "reason", error)  # urllib's errors have one
    if isinstance(told, TimeoutError) or type(told).__name__ == "TimeoutError":
        return last.partition(".")[0] in _LIBRARIES and not any(name.partition(".")[0] == "dashboard" for name in way)
    return type(error) is AssertionError and last.startswith("playwright.")


def _way(error: BaseException) -> list[str]:
    """Return the names of the modules through which an exception came, the one that raised it last."""
    names = []
    place = error.__traceback__
    while place is not None:
        names.append(str(place.tb_frame.f_globals.get("__name__")))
        place = place.tb_next
    return names
