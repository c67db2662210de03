"""Choice of a command's data folder: the folder given by ``--data``, else the folder of the only running server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from dashboard.data_folder.folder import LOCK_FILE, locked_folders, too_wide
from dashboard.settings import shown
from dashboard.settings_loading import Loaded


def say_warnings(loaded: Loaded) -> None:
    """Print the warnings about the settings and the data folder."""
    for warning in (*loaded.warnings, too_wide(Path(loaded.settings.data))):
        if warning:
            click.echo(f"warning: {warning}", err=True)


def used_folder(loaded: Loaded, *, new: bool = False, running: Callable[[], list[Path]] = locked_folders) -> Path:
    """Find the data folder and print its path; ``new``: whether to accept also a folder that no server has used.

    Raises click's errors. Without ``--data``, use the default folder if a server has used it, else the folder of the only running
    server.
    """
    settings = loaded.settings
    folder = Path(settings.data)
    if settings.store and settings.secret:  # the commands need nothing from the folder
        click.echo(f"Store: {shown('store', settings)}", err=True)
        return folder
    if not new and not _is_used(folder):
        folder = _found(folder, running() if loaded.sources["data"] == "default" else [])
    click.echo(f"Data folder: {folder.resolve()}", err=True)
    return folder


def _is_used(folder: Path) -> bool:
    """Return whether a server, or a command for users and tokens, has used the folder."""
    return any((folder / name).exists() for name in (LOCK_FILE, "people.sqlite3", "secret"))


def _found(folder: Path, running: list[Path]) -> Path:
    if len(running) == 1:
        return running[0]
    several = f"; servers run on {', '.join(map(str, running))}" if running else ""
    raise click.ClickException(
        f"{folder.resolve()} is not a server's data folder{several}; name the server's with --data FOLDER, "
        "or create a new one: user add … --new"
    )
