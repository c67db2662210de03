"""Feed a running server from the shell: ``push``."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

import click

from dashboard.domain.errors import DashboardError
from dashboard.domain.series import series_key


@click.command()
@click.argument("series")
@click.argument("value", type=float)
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="a label; may stand more than once")
@click.option("--unit", help="the value's unit, for example B/s, %, ms")
@click.option("--every", "every_s", type=float, metavar="SECONDS", help="how often the value is going to come")
@click.option("--at", "t_ms", type=int, metavar="MS", help="its time in milliseconds since 1970; else now")
@click.option(
    "--url",
    default=lambda: os.environ.get("DASHBOARD_URL", "http://127.0.0.1:8888"),
    help="the server  [DASHBOARD_URL or http://127.0.0.1:8888]",
)
def push(series: str, value: float, labels: tuple[str, ...], url: str, **said: Any) -> None:
    """Send one VALUE of SERIES to a running server: dashboard push orders 3 --label shop=a"""
    pairs = dict(label.partition("=")[::2] for label in labels)
    if any("=" not in label for label in labels):
        raise click.BadParameter("write NAME=VALUE", param_hint="--label")
    named = {"unit": said["unit"], "every_s": said["every_s"], "t": said["t_ms"]}
    sample = {"series": series, "labels": pairs, "value": value} | {k: v for k, v in named.items() if v is not None}
    try:
        series_key(series.partition("{")[0], pairs)
        body = json.dumps(sample, allow_nan=False).encode()
    except DashboardError as error:
        raise click.ClickException(str(error)) from None
    except ValueError:
        raise click.ClickException(f"{value} is not a number that can be shown") from None
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("write http://HOST:PORT", param_hint="--url")
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        f"{url.rstrip('/')}/api/v1/samples", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        raise click.ClickException(f"{url} answered {error.code}: {_reason(error.read())}") from None
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{url}: {getattr(error, 'reason', error)}; is the server running?") from None


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")[:200]
