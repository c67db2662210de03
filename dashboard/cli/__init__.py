"""The commands, one file a subject; each is thin."""

from __future__ import annotations

import click

from dashboard import __version__
from dashboard.cli.feed import push, run
from dashboard.cli.import_file import import_file
from dashboard.cli.people import message, notify, token_group, user
from dashboard.cli.serve import check, reload, serve
from dashboard.cli.tail import tail


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="dashboard")
def main() -> None:
    """A live dashboard server: feeders post numbers, browsers and wall screens show them within a tick."""


for _command in (serve, reload, check, push, tail, run, import_file, user, token_group, notify, message):
    main.add_command(_command)
