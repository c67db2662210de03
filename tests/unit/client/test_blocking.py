"""The blocking client against a server that answers as a test says."""

from __future__ import annotations

import socket

import pytest

from dashboard.client.address import Address
from dashboard.client.blocking import Client, connect, exchange
from dashboard.client.http import encode_request
from tests.support.scripted_server import ScriptedServer


def test_samples_are_sent_in_batches_and_counted() -> None:
    server = ScriptedServer()
    with server.running(), Client(server.url, token="dsh_x", batch=2, flush_s=60) as client:
        for value in range(3):
            client.push("a", value)
        assert client.flush(30)
        assert (client.counts.pushed, client.counts.accepted) == (3, 3)
    assert [[sample["value"] for sample in each.samples] for each in server.received] == [[0, 1], [2]]
    assert {each.authorization for each in server.received} == {"Bearer dsh_x"}


def test_a_batch_whose_answer_was_lost_is_sent_again_with_its_key() -> None:
    server = ScriptedServer((0, {}), (503, {"Retry-After": "0"}))
    with server.running(), Client(server.url, flush_s=0.01) as client:
        client.push("a", 1)
        assert client.flush(30)
    assert len(server.received) == 3
    assert len({each.key for each in server.received}) == 1
    assert client.counts.accepted == 1


def test_a_closed_client_drops_what_is_left_and_takes_nothing_more() -> None:
    client = Client("http://127.0.0.1:1", flush_s=0.01, close_s=0.01)
    client.push("a", 1)
    assert client.close() is False
    client.push("a", 2)
    assert (client.counts.pushed, client.counts.dropped, client.counts.waiting) == (2, 2, 0)


def test_one_request_has_one_answer() -> None:
    server = ScriptedServer((403, {}))
    with server.running():
        address = Address.of(server.url)
        answer = exchange(address, encode_request("POST", address, "/x", {}, b"[]"), 30)
        with connect(address, 30) as link:
            assert isinstance(link, socket.socket)
    assert (answer.status, answer.said["code"]) == (403, "scripted")


def test_nobody_at_the_address_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="refused"):
        connect(Address.of("http://127.0.0.1:1"), 5)
