"""Base of the browsers that Playwright does not drive: their process, waiting in the page, their end."""

from __future__ import annotations

import os
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from tests.support.deadline import DeadlinePassed, scaled
from tests.support.pulse import seconds_since


class DrivenBrowser(ABC):
    """Browser with one page. ``complaints``: errors and warnings of its pages; ``log``: output of its process."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self.complaints: list[str] = []
        self.log = profile / "browser.log"
        self._count = 0
        self._process: subprocess.Popen[bytes]
        self._socket: ClientConnection

    def __enter__(self) -> Self:
        self._profile.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:  # the process would outlive the test
            if hasattr(self, "_process"):
                self._process.kill()
                self._process.wait()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(scaled(15))

    @abstractmethod
    def _start(self) -> None:
        """Start the process, wait until it has a page, and connect to it."""

    @abstractmethod
    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page. Raises TypeError for an exception in the page."""

    def _run(self, command: list[str], **environ: str) -> None:
        with self.log.open("w") as said:
            everything = {**os.environ, "HOME": str(self._profile), **environ}
            self._process = subprocess.Popen(command, stdout=said, stderr=said, env=everything)

    def _connect(self, address: str) -> None:
        self._socket = connect(address, max_size=None, compression=None, ping_interval=None).__enter__()

    def until(self, expression: str, timeout_s: float = 15) -> Any:
        """Evaluate an expression until it is truthy, also after exceptions in the page; return its value. Raises DeadlinePassed."""
        began_s, trouble = time.monotonic(), ""
        while True:
            try:
                if given := self.evaluate(expression):
                    return given
            except TypeError as error:
                trouble = str(error)
            if seconds_since(began_s) > scaled(timeout_s):
                raise DeadlinePassed(f"not in {timeout_s:g} s: {expression} {trouble} {self.complaints}")
            time.sleep(0.05)
