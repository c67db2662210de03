"""The commands, one file per subject. A command's file is imported when the command is called: ``push`` needs no server code."""

from __future__ import annotations

from importlib import import_module

import click

from dashboard import __version__

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
    "notify": "say:notify",
    "message": "say:message",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"dashboard.cli.{module}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="dashboard")
def main() -> None:
    """A live dashboard server: feeders post numbers, browsers and wall screens show them within a tick."""
