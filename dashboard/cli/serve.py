"""Run a server: ``serve``, ``reload``, ``check``. Thin: each reads its arguments and calls the part that does the work."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import msgspec

from dashboard import logs
from dashboard.app import Dashboard
from dashboard.app_sources import read_sources
from dashboard.domain.errors import ConfigurationError
from dashboard.listening import bind
from dashboard.resources import resource_folder
from dashboard.services.boards import Boards
from dashboard.settings import Loaded, Settings, flag, load, shown, variable
from dashboard.supervisor import CONFIGURATION_EXIT, STATUS_FILE, Status, Supervisor
from dashboard.worker import VARIABLE, Worker

_CONFIG_HELP = "settings as TOML, `name = value`; also DASHBOARD_CONFIG"


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Every setting as a flag; flags that are not given stay None."""
    for each in reversed(fields(Settings)):
        default = ", ".join(each.default) if isinstance(each.default, tuple) else each.default
        described = f"{each.metadata['help']}  [{default if default != '' else 'none'}]"
        if isinstance(each.default, bool):
            name = flag(each.name)
            option = click.option(f"{name}/--no-{name[2:]}", each.name, default=None, help=described)
        else:
            many = isinstance(each.default, tuple)
            option = click.option(
                flag(each.name), each.name, default=None, multiple=many, metavar="VALUE", help=described
            )
        command = option(command)
    return click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help=_CONFIG_HELP)(command)


def with_store(command: Callable[..., Any]) -> Callable[..., Any]:
    """The settings that say where the store is, as flags, and the file of settings."""
    for name in ("secret", "store", "data"):
        command = click.option(flag(name), name, default=None, metavar="VALUE", help="as of the server's settings")(
            command
        )
    return click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help=_CONFIG_HELP)(command)


def load_settings(config: Path | None, flags: dict[str, Any]) -> Loaded:
    file = config or (Path(os.environ["DASHBOARD_CONFIG"]) if "DASHBOARD_CONFIG" in os.environ else None)
    try:
        return load(flags, os.environ, file)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


@click.command()
@with_settings
def serve(config: Path | None, **flags: Any) -> None:
    """Run the server until Ctrl-C or SIGTERM. Each setting also by environment (DASHBOARD_NAME) and file (--config)."""
    loaded = load_settings(config, flags)
    settings = loaded.settings
    logs.configure(settings.log_level, settings.log_format)
    orders = os.environ.pop(VARIABLE, "")
    if not orders:
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
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
    try:
        import uvloop
    except ImportError:
        raise click.ClickException("--uvloop: uvloop is not installed; pip install 'live-dashboard[uvloop]'") from None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _tune_garbage_collector() -> None:
    """What is there after the start stays: the collector need not look at it again and again, nor as often as it would.

    The hot paths make no cycles; collections only cost time there (a third of an ingest request, measured).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _serve(settings: Settings, orders: str) -> int:
    worker = Worker.of(orders) if orders else None
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    server = Dashboard(settings, worker)
    started = False
    try:
        async with asyncio.timeout(None) as starting:

            def stop() -> None:
                stopping.set()
                if not started:
                    starting.reschedule(loop.time())  # whatever the start waits for, it is not waited for any more

            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop)
            if worker is not None:
                worker.watch_supervisor(stop)
            await server.start()
            started = True
    except TimeoutError:
        await server.stop()
        return 0
    _tune_garbage_collector()
    await _say_first_admin(settings, server)
    if worker is None:
        _say_address(settings, server.port)
    await stopping.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
    await server.stop()
    return 0


async def _say_first_admin(settings: Settings, server: Dashboard) -> None:
    """A server that others can reach and that has no admin yet prints, once, where the first one is made."""
    if server.is_open or (path := await server.people.first_admin_path()) == "":
        return
    scheme = "https" if settings.tls_certificate or settings.proxies else "http"
    name = settings.allowed_hosts[0] if settings.allowed_hosts else settings.host
    port = f":{server.port}" if not settings.proxies else ""
    base = settings.public_url.rstrip("/") or f"{scheme}://{name}{port}"
    click.echo(f"There is no administrator yet. Open this link, once, within a day:\n  {base}{path}")
    sys.stdout.flush()


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
@click.option("--data", default=".data", metavar="FOLDER", help="the server's data folder  [.data]")
@click.option("--wait", "wait_s", default=300.0, metavar="SECONDS", help="how long to wait for the end  [300]")
def reload(data: str, wait_s: float) -> None:
    """Replace the workers of a running server one by one, with new code and settings, without refusing a connection."""
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
            raise click.ClickException("a new worker did not start; the old ones go on. The server's log says why")
        if now.rolls > before.rolls:
            click.echo("all workers are new")
            return
    raise click.ClickException(f"not done within {wait_s:g} s; it goes on by itself")


def _status(file: Path) -> Status:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Status)
    except (OSError, msgspec.MsgspecError):
        raise click.ClickException(
            f"{file}: no server with several workers runs on this folder; start one with --workers 2, or name its --data"
        ) from None


@click.command()
@with_settings
def check(config: Path | None, **flags: Any) -> None:
    """Print every setting with where it comes from, and check what can be checked without starting."""
    loaded = load_settings(config, flags)
    width = max(len(each.name) for each in fields(Settings))
    for each in fields(Settings):
        click.echo(f"{each.name:{width}}  {shown(each.name, loaded.settings):14}  {loaded.sources[each.name]}")
    problems = [*_problems(loaded.settings)]
    if not problems:
        for source in read_sources(loaded.settings).described():
            click.echo(source)
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    if problems:
        raise SystemExit(1)
    click.echo("all is well")


def _problems(settings: Settings) -> list[str]:
    found = []
    folder = Path(settings.data)
    nearest = next(p for p in (folder, *folder.resolve().parents) if p.exists())
    if not nearest.is_dir():
        found.append(f"data = {settings.data}: {nearest} is not a folder")
    elif not os.access(nearest, os.W_OK | os.X_OK):
        found.append(f"data = {settings.data}: {nearest} cannot be written; set {flag('data')} or {variable('data')}")
    for look in (lambda: Boards(resource_folder("boards")), lambda: read_sources(settings)):
        try:
            look()
        except ConfigurationError as error:
            found.append(str(error))
    if not (resource_folder("static") / "vendor" / "uplot.js").exists():
        found.append("the browser libraries are missing: install the package (pip install .), or run scripts/serve")
    return found
