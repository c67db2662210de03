"""A program that a test starts beside itself, and that ends with the test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def program(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a process; wait for its end as ``Popen`` does, but kill it if the block fails, which would wait in vain."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
