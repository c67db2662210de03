"""Deadlines of tests: one exception for all that run out of time, and bounds that grow with a slower host (``host.py``).

A test that fails by ``DeadlinePassed`` alone gets a second try at the end of the run (``second_try.py``). So a deadline says
only that something came too late: a wrong value is an ordinary assertion.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import TypeVar

from tests.support.host import factor
from tests.support.pulse import seconds_since

T = TypeVar("T")


class DeadlinePassed(AssertionError):
    """Something did not happen in time, or took longer than it may."""


def scaled(seconds: float) -> float:
    """Return the time for this host of what takes ``seconds`` on the machine that the times were set on."""
    return seconds * factor()


def wait_until(condition: Callable[[], T | None], timeout_s: float = 10, what: object = "") -> T:
    """Poll a condition of the world outside (a process, a file) until it is truthy; returns what it gave.

    ``timeout_s`` is scaled. ``what`` is asked for its text only in the end. Raises DeadlinePassed.
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
    """Check that in a given time so much happened, which depends on how busy the machine is; raises DeadlinePassed."""
    if count < least / factor():
        raise DeadlinePassed(f"{what}: {count:g} in this time, not {least / factor():g}")


@asynccontextmanager
async def deadline(seconds: float, what: str = "") -> AsyncIterator[None]:
    """End the block after so many seconds, which are scaled; raises DeadlinePassed then."""
    limit_s = scaled(seconds)
    timeout = asyncio.timeout(limit_s)
    try:
        async with timeout:
            yield
    except TimeoutError:
        if timeout.expired():
            raise DeadlinePassed(f"not within {limit_s:g} s: {what or 'what the block waits for'}") from None
        raise


@contextmanager
def timeouts_as_deadlines(what: str) -> Iterator[None]:
    """Raise DeadlinePassed for a timeout of a socket or a process that the block waits for."""
    try:
        yield
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise DeadlinePassed(f"not in time: {what} ({error})") from None


def ran_out(error: BaseException) -> bool:
    """Whether a test failed because a deadline helper ran out, and for no other reason.

    An exception that was being handled meanwhile is another reason. Playwright's own deadlines count: its timeouts, and the
    assertions of its ``expect``, which are asked again until their time is over.
    """
    if not isinstance(error, DeadlinePassed) and not _is_playwrights(error):
        return False
    other = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return other is None or isinstance(other, (TimeoutError, asyncio.CancelledError)) or ran_out(other)


def _is_playwrights(error: BaseException) -> bool:
    if type(error).__module__.startswith("playwright.") and type(error).__name__ == "TimeoutError":
        return True
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return type(error) is AssertionError and last is not None and _module_of(last).startswith("playwright.")


def _module_of(traceback: TracebackType) -> str:
    return str(traceback.tb_frame.f_globals.get("__name__"))
