"""One process of the server, from its start to its end."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable

import click

from dashboard.app.build import Dashboard
from dashboard.settings import Settings
from dashboard.worker import Worker


def _tune_garbage_collector() -> None:
    """What is there after the start stays: the collector need not look at it again and again, nor as often as it would.

    The hot paths make no cycles; collections only cost time there (a third of an ingest request, measured).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def serve_here(settings: Settings, orders: str, say_address: Callable[[int], None]) -> int:
    """Until SIGTERM or SIGINT; ``orders``: what a supervisor handed it. Raises ConfigurationError; returns the exit code."""
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
    if worker is None or (worker.number == 1 and not worker.restarts):  # a newer link ends the older
        await _say_first_admin(settings, server)
    if worker is None:
        say_address(server.port)
    await stopping.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
    await server.stop()
    return 0


async def _say_first_admin(settings: Settings, server: Dashboard) -> None:
    """A server that others can reach and that has no admin yet prints, once, where the first one is made."""
    if server.is_open or (path := await server.accounts.first_admin_path()) == "":
        return
    scheme = "https" if settings.tls_certificate or settings.proxies else "http"
    name = settings.allowed_hosts[0] if settings.allowed_hosts else settings.host
    port = f":{server.port}" if not settings.proxies else ""
    base = settings.public_url.rstrip("/") or f"{scheme}://{name}{port}"
    click.echo(f"There is no administrator yet. Open this link, once, within a day:\n  {base}{path}")
    sys.stdout.flush()
