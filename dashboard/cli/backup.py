"""Commands that copy a server's data and put the copy back: ``backup``, ``restore``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from dashboard import __version__
from dashboard.app.data_parts import PARTS, not_covered, renew
from dashboard.cli.data_option import used_folder
from dashboard.cli.settings_options import load_settings, with_store
from dashboard.data_folder import restore as restoring
from dashboard.data_folder.archive import Manifest, Progress
from dashboard.data_folder.backup import back_up
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.errors import DashboardError

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int], Progress]]:
    """Show a progress bar on standard error if that is a terminal; convert DashboardError to ClickException."""
    with ExitStack() as stack:

        def start(size: int) -> Progress:
            bar = click.progressbar(length=max(1, size), label=label, file=sys.stderr)
            return stack.enter_context(bar).update

        try:
            yield start
        except DashboardError as error:
            raise click.ClickException(str(error)) from None


@click.command()
@_FILE
@click.option("--replace", is_flag=True, help="overwrite an existing FILE once the new backup is complete")
@with_store
def backup(file: Path, replace: bool, config: Path | None, **flags: object) -> None:
    """Write one consistent copy of the data folder to FILE, while the server runs.

    The backup contains everything that the server had acknowledged before the command began. FILE appears only when the backup is
    complete. Keep FILE as safe as the data folder: it contains password hashes, messages and the secret.
    """
    loaded = load_settings(config, flags)
    folder = used_folder(loaded)
    for each in not_covered(loaded.settings):
        click.echo(f"not in this backup: {each}", err=True)
    with _progress("Copying") as start:
        manifest = back_up(folder, file, PARTS, version=__version__, now_ms=_now_ms, replace=replace, start=start)
    click.echo(f"{file}: {_described(manifest)}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _described(manifest: Manifest) -> str:
    names = ", ".join(part.name for part in manifest.parts)
    return f"{manifest.size / (1 << 20):.1f} MiB as of {_moment(manifest.begun_ms)} ({names})"


def _moment(t_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(t_ms / 1000))


@click.command()
@_FILE
@click.option("--check", "only_check", is_flag=True, help="read FILE through and change nothing")
@with_store
def restore(file: Path, only_check: bool, config: Path | None, **flags: object) -> None:
    """Put the backup FILE back into the data folder of a server that does not run.

    FILE is checked before anything is changed. The folder's earlier files are moved to a subfolder.
    """
    settings = load_settings(config, flags).settings
    if only_check:
        with _progress("Reading") as start:
            manifest = restoring.check(file, PARTS, start)
        click.echo(f"{file} is complete: {_described(manifest)}")
        return
    folder = DataFolder(Path(settings.data))
    click.echo(f"Data folder: {folder.path.resolve()}", err=True)
    for each in not_covered(settings):
        click.echo(f"not restored: {each}", err=True)
    with _progress("Reading") as start:
        done = restoring.restore(file, folder, PARTS, renew=renew, start=start)
    _say_restored(done)


def _say_restored(done: restoring.Restored) -> None:
    click.echo(f"Restored {_described(done.manifest)}.")
    if done.aside is not None:
        click.echo(f"The earlier files are in {done.aside}; delete them when the server works.")
    click.echo(
        "When the server starts:\n"
        "- Every screen that reconnects gets a `gap` notice and a snapshot. Data accepted after the backup is missing.\n"
        "- Every page loads its rooms again, with the newest messages in the backup.\n"
        "- Changes made after the backup are undone, revocations too: sessions, tokens, links, passwords, roles,\n"
        "  deleted messages. Revoke them again; to end all sessions and links at once, delete the file `secret`."
    )
