"""Requests of commands to a running server."""

from __future__ import annotations

import click

from dashboard.client.address import Address, authorization
from dashboard.client.blocking import exchange
from dashboard.client.http import HttpAnswer, encode_request, reason_of

_TIMEOUT_S = 10.0


def call(
    url: str, method: str, path: str, token: str | None, body: bytes = b"", headers: dict[str, str] | None = None
) -> HttpAnswer:
    """Send a request to ``path`` of the server at ``url`` and return the answer.

    Raises click's error when the server does not answer, or refuses the request.
    """
    address = Address.of(url)
    every = {"Content-Type": "application/json", **authorization(token), **(headers or {})}
    try:
        answer = exchange(address, encode_request(method, address, path, every, body), _TIMEOUT_S)
    except OSError as error:
        raise click.ClickException(f"{url}: {reason_of(error)}; is the server running?") from None
    if answer.status >= 300:
        raise click.ClickException(f"{url} {answer.reason}")
    return answer
