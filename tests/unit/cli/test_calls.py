"""Requests of commands to a server, and what a command says when it is refused or nobody answers."""

from __future__ import annotations

import click
import pytest

from dashboard.cli.calls import call
from tests.support.scripted_server import ScriptedServer


def test_a_request_carries_the_token_and_gives_the_answer() -> None:
    server = ScriptedServer()
    with server.running():
        answer = call(server.url, "POST", "/api/v1/samples", "secret", b'[{"series":"a","value":1}]', {"X-More": "1"})
    assert (answer.status, answer.said) == (202, {"accepted": 1})
    (request,) = server.received
    assert (request.path, request.authorization) == ("/api/v1/samples", "Bearer secret")


def test_a_refusal_is_told_with_the_servers_words() -> None:
    server = ScriptedServer((403, {}))
    with server.running(), pytest.raises(click.ClickException, match=f"{server.url} .*403.*as told"):
        call(server.url, "POST", "/x", None, b"{}")


def test_a_server_that_does_not_run_is_told_so() -> None:
    with pytest.raises(click.ClickException, match="is the server running"):
        call("http://127.0.0.1:1", "GET", "/x", None)  # nobody listens at this port
