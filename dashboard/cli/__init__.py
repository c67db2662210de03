"""The commands, one file per subject. A command's file is imported when the command is called: ``push`` needs no server code."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

import click

from dashboard import __version__

T = TypeVar("T")

#: Module and function of each command.
_COMMANDS = {
    "serve": "serve:serve",
    "reload": "serve:reload",
    "check": "check:check",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "push": "feed:push",
    "tail": "tail:tail",
    "run": "feed:run",
    "import": "import_file:import_file",
    "user": "people:user",
    "token": "people:token_group",
    "board": "board:board",
    "notify": "say:notify",
    "message": "say:message",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return load(_COMMANDS[cmd_name], click.Command) if cmd_name in _COMMANDS else None


def load(place: str, kind: type[T]) -> T:
    """Import an object of this package that only some commands need. ``place``: ``MODULE:NAME``; ``kind``: its type."""
    module, _, name = place.partition(":")
    loaded = getattr(import_module(f"dashboard.cli.{module}"), name)
    if not isinstance(loaded, kind):
        raise TypeError(f"{place}: expected {kind.__name__}, not {type(loaded).__name__}")
    return loaded


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="dashboard")
def main() -> None:
    """A live dashboard server: feeders post numbers, browsers and wall screens show them within a tick."""
