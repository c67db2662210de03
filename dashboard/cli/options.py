"""Options of the commands that talk to a running server: --url, --token, --label."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TypeVar

import click

from dashboard.client import Client
from dashboard.client.address import Address, authorization
from dashboard.domain.errors import DashboardError
from dashboard.domain.series import series_key

_Command = TypeVar("_Command", bound=Callable[..., object])


def with_server(command: _Command) -> _Command:
    """Add and check the options --url and --token; pass them as ``url`` and ``token`` (None if there is no token)."""
    url = click.option(
        "--url",
        default=lambda: os.environ.get("DASHBOARD_URL", "http://127.0.0.1:8888"),
        callback=_checked_url,
        help="address of the server  [DASHBOARD_URL or http://127.0.0.1:8888]",
    )
    token = click.option(
        "--token",
        default=lambda: os.environ.get("DASHBOARD_TOKEN"),
        callback=_checked_token,
        help="token, if the server requires one  [DASHBOARD_TOKEN]",
    )
    return url(token(command))


def _checked_url(_context: click.Context, _parameter: click.Parameter, url: str) -> str:
    try:
        Address.of(url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from None
    return url


def _checked_token(_context: click.Context, _parameter: click.Parameter, token: str | None) -> str | None:
    try:
        authorization(token)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--token") from None
    return token


def heed_interrupt() -> None:
    """Let SIGINT end this command even if the parent ignored SIGINT, as a shell does for the background jobs of a script."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


with_labels = click.option(
    "--label", "labels", multiple=True, metavar="NAME=VALUE", help="a label of the series; repeatable"
)


def label_pairs(name: str, labels: tuple[str, ...]) -> dict[str, str]:
    """Return the labels of series ``name``; raise click's errors if the name or a label is invalid."""
    if any("=" not in label for label in labels):
        raise click.BadParameter("write NAME=VALUE", param_hint="--label")
    pairs = {key: value for key, _, value in (label.partition("=") for label in labels)}
    try:
        series_key(name, pairs)
    except DashboardError as error:
        raise click.ClickException(str(error)) from None
    return pairs


class OneShot:
    """Client for one command; ``close`` returns an error message, empty if all went well."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._refused: list[str] = []
        self._trouble = ""
        self.client = Client(
            url,
            token,
            on_refused=lambda refusals: self._refused.extend(refusal.reason for refusal in refusals),
            on_trouble=self._note,
        )

    def _note(self, trouble: str) -> None:
        self._trouble = trouble

    def close(self, wait_s: float) -> str:
        """Send for at most ``wait_s`` seconds. Return an empty string if everything was accepted, else one line with the reason."""
        complete = self.client.close(wait_s)
        if self._refused:
            return f"{self._url}: {self._refused[0]}"
        if complete:
            return ""
        answered = self._trouble.startswith("answered")
        return f"{self._url} {self._trouble}" if answered else f"{self._url}: {self._trouble}; is the server running?"
