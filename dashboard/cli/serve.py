"""The commands that run a server: ``serve``, ``reload``. Each reads its arguments and calls the part that does the work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import FunctionType
from typing import cast

import click
import msgspec

from dashboard import logs
from dashboard.cli import load
from dashboard.cli.data_option import say_warnings
from dashboard.cli.settings_options import load_settings, with_settings
from dashboard.data_folder.folder import STATUS_FILE
from dashboard.domain.errors import ConfigurationError
from dashboard.listening import bind
from dashboard.settings import Settings, shown
from dashboard.supervisor import CONFIGURATION_EXIT, Status, Supervisor
from dashboard.worker import VARIABLE

try:
    import uvloop
except ImportError:  # the extra [uvloop] is not installed
    uvloop = None

_ServeHere = Callable[[Settings, str, Callable[[int], None]], Coroutine[None, None, int]]


@click.command()
@with_settings
def serve(config: Path | None, **flags: object) -> None:
    """Run the server until Ctrl-C or SIGTERM.

    Every option below is a setting. It can also be set in the environment (DASHBOARD_NAME) or in a file (--config).
    """
    loaded = load_settings(config, flags)
    settings = loaded.settings
    logs.configure(settings.log_level, settings.log_format)
    orders = os.environ.pop(VARIABLE, "")
    if not orders:
        say_warnings(loaded)
    supervised = settings.workers > 1 and not orders
    try:
        with asyncio.Runner(loop_factory=None if supervised else _loop_factory(settings)) as runner:
            code = runner.run(_supervise(settings) if supervised else _serve(settings, orders))
    except ConfigurationError as error:
        if orders:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(CONFIGURATION_EXIT) from None
        raise click.ClickException(str(error)) from None
    raise SystemExit(code)


def _loop_factory(settings: Settings) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not settings.uvloop:
        return None
    if uvloop is None:
        raise click.ClickException("--uvloop: uvloop is not installed; pip install 'live-dashboard[uvloop]'")
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(settings: Settings, orders: str) -> int:
    serve_here = cast(
        _ServeHere, load("server_process:serve_here", FunctionType)
    )  # the supervisor needs no server code
    return await serve_here(settings, orders, lambda port: _say_address(settings, port))


async def _supervise(settings: Settings) -> int:
    sockets = bind(settings)
    port = sockets[0].getsockname()[1]
    supervisor = Supervisor(
        arguments=sys.argv[1:],
        sockets=sockets,
        workers=settings.workers,
        watchdog_s=settings.watchdog_s,
        drain_s=settings.drain_s,
        folder=Path(settings.data),
        on_ready=lambda: _say_address(settings, port),
    )
    return await supervisor.run()


def _say_address(settings: Settings, port: int) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    kept = "in memory only" if settings.journal == "memory" else f"in {settings.data}"
    if settings.redis:
        kept = f"in {shown('redis', settings)}"
    workers = f"{settings.workers} workers, " if settings.workers > 1 else ""
    click.echo(f"Dashboard at http://{host}:{port}/   ({workers}data {kept}; Ctrl-C stops)")
    sys.stdout.flush()


@click.command()
@click.option("--data", default=".data", metavar="FOLDER", help="data folder of the server  [.data]")
@click.option(
    "--wait", "wait_s", default=300.0, metavar="SECONDS", help="how long to wait until all workers are replaced  [300]"
)
def reload(data: str, wait_s: float) -> None:
    """Replace the workers of a running server one by one.

    The new workers have new code and settings. No connection is refused during that time.
    """
    file = Path(data) / STATUS_FILE
    before = _status(file)
    os.kill(before.pid, signal.SIGHUP)
    deadline, seen = time.monotonic() + wait_s, {worker.pid for worker in before.workers}
    while time.monotonic() < deadline:
        time.sleep(0.1)
        now = _status(file)
        for worker in now.workers:
            if worker.pid not in seen and worker.ready:
                seen.add(worker.pid)
                click.echo(f"worker {worker.number} is new (pid {worker.pid})")
        if now.failed > before.failed:
            raise click.ClickException("a new worker did not start, so the old ones keep serving; see the server's log")
        if now.rolls > before.rolls:
            click.echo("all workers are new")
            return
    raise click.ClickException(f"not finished within {wait_s:g} s; the server continues without this command")


def _status(file: Path) -> Status:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Status)
    except (OSError, msgspec.MsgspecError):
        raise click.ClickException(
            f"{file}: no server with several workers uses this folder; start one with --workers 2, or give its folder with --data"
        ) from None
