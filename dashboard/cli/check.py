"""The command ``check``: checks the settings without starting a server."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import click

from dashboard.app.sources import read_sources
from dashboard.boards.board_text import faults_in
from dashboard.boards.boards import Boards, file_board
from dashboard.boards.unread import unread
from dashboard.cli.data_option import say_warnings
from dashboard.cli.settings_options import load_settings, with_settings
from dashboard.domain.board import Board
from dashboard.domain.errors import ConfigurationError
from dashboard.expressions.watched import fault_of
from dashboard.listening import raise_descriptor_limit
from dashboard.resources import resource_folder
from dashboard.settings import Settings, flag, shown, variable


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_settings
def check(folder: Path | None, config: Path | None, **flags: object) -> None:
    """Print every setting with its source, and check the settings as far as possible without starting a server.

    With a FOLDER, check the board files in that folder instead, and print every fault with its file and line.
    """
    if folder is not None:
        _check_boards(folder)
        return
    loaded = load_settings(config, flags)
    width = max(len(each.name) for each in fields(Settings))
    for each in fields(Settings):
        click.echo(f"{each.name:{width}}  {shown(each.name, loaded.settings):14}  {loaded.sources[each.name]}")
    problems = [*_problems(loaded.settings)]
    if not problems:
        for source in read_sources(loaded.settings).described():
            click.echo(source)
    say_warnings(loaded)
    if missing := raise_descriptor_limit(loaded.settings):
        click.echo(f"warning: {missing}", err=True)
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    if problems:
        raise SystemExit(1)
    click.echo("no problems found")


def _check_boards(folder: Path) -> None:
    paths = sorted(folder.glob("*.yaml"))
    broken = 0
    for path in paths:
        try:
            faults, remarks = faults_in(path.read_text("utf-8"), path)
            if not faults:
                faults = _wrong_expressions(path, file_board(path).board)
        except OSError as error:
            faults, remarks = [f"{path}: cannot be read: {error.strerror or error}"], []
        except UnicodeDecodeError:
            faults, remarks = [f"{path}: is not UTF-8; save it as UTF-8"], []
        except ConfigurationError as error:
            faults, remarks = [str(error)], []
        broken += bool(faults)
        for remark in remarks:
            click.echo(f"warning: {remark}", err=True)
        for fault in faults:
            click.echo(f"problem: {fault}", err=True)
    for text in unread(folder):
        click.echo(f"warning: {folder}/{text}", err=True)
    click.echo(f"{len(paths)} {'board' if len(paths) == 1 else 'boards'}, {broken} of them broken")
    if broken:
        raise SystemExit(1)


def _wrong_expressions(path: Path, board: Board) -> list[str]:
    """Return the faults of a board's expressions."""
    return [
        f"{path}: widget {number + 1} ({widget.title}): expr: {fault}"
        for number, widget in enumerate(board.widgets)
        for text in widget.expressions
        if (fault := fault_of(text))
    ]


def _problems(settings: Settings) -> list[str]:
    found = []
    folder = Path(settings.data)
    nearest = next(p for p in (folder, *folder.resolve().parents) if p.exists())
    if not nearest.is_dir():
        found.append(f"data = {settings.data}: {nearest} is not a folder")
    elif not os.access(nearest, os.W_OK | os.X_OK):
        found.append(f"data = {settings.data}: {nearest} cannot be written; set {flag('data')} or {variable('data')}")
    for look in (lambda: Boards(resource_folder("board_files")), lambda: read_sources(settings)):
        try:
            look()
        except ConfigurationError as error:
            found.append(str(error))
    if not (resource_folder("static") / "vendor" / "uplot.js").exists():
        found.append("the browser libraries are missing: install the package (pip install .), or run scripts/serve")
    return found
