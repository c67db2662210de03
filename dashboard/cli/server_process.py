"""Life of one server process, from start to exit."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable

import click

from dashboard.app.build import Dashboard
from dashboard.listening import raise_descriptor_limit
from dashboard.settings import Settings
from dashboard.worker import Worker


def _tune_garbage_collector() -> None:
    """Exempt the objects created at the start from garbage collection, and collect less often.

    The hot paths make no reference cycles, so collections only cost time there (a third of an ingest request, measured). A
    collection blocks the event loop: it examines up to 25,000 objects of the youngest generation, or 100,000 of the middle one.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(25_000, 4, 100)


async def serve_here(settings: Settings, orders: str, say_address: Callable[[int], None]) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code; raises ConfigurationError.

    ``orders``: the supervisor's instructions (``worker.Orders``) as JSON, empty without a supervisor. ``say_address``: prints the
    address; called with the port once the server serves, if there is no supervisor.
    """
    raise_descriptor_limit(settings)
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
                    starting.reschedule(loop.time())  # end the start, whatever it waits for

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
    if worker is None or (worker.number == 1 and not worker.restarts):  # a newer link would invalidate the older
        await _say_first_admin(settings, server)
    if worker is None:
        say_address(server.port)
    await stopping.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
    await server.stop()
    return 0


async def _say_first_admin(settings: Settings, server: Dashboard) -> None:
    """Print the link that makes the first administrator, if other machines can reach the server and no administrator exists."""
    if server.is_open or (path := await server.accounts.first_admin_path()) == "":
        return
    scheme = "https" if settings.tls_certificate or settings.proxies else "http"
    name = settings.allowed_hosts[0] if settings.allowed_hosts else settings.host
    port = f":{server.port}" if not settings.proxies else ""
    base = settings.public_url.rstrip("/") or f"{scheme}://{name}{port}"
    click.echo(
        f"There is no administrator yet. Open this link within a day to make one; it works once:\n  {base}{path}"
    )
    sys.stdout.flush()
