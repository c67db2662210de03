"""The server, broken as the variable BROKEN_BUILD says: ``BROKEN_BUILD=name python -m tests.mutants.launch serve …``.

Workers are started by the supervisor as ``python -m dashboard``; here they are led to this file too.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from dashboard import cli, supervisor
from tests.mutants.builds import BUILDS

_SELF = "tests.mutants.launch"


class _Asyncio:
    """asyncio as the supervisor sees it, with this file in the place of the program ``dashboard``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def create_subprocess_exec(*command: str, **options: Any) -> Any:
        led = [_SELF if part == "dashboard" else part for part in command]
        return await asyncio.create_subprocess_exec(*led, **options)


def main() -> None:
    """Break the program, then start it."""
    supervisor.asyncio = _Asyncio()  # type: ignore[assignment]
    BUILDS[os.environ["BROKEN_BUILD"]]()
    cli.main(prog_name="dashboard")


if __name__ == "__main__":
    main()
