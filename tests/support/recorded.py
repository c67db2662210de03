"""Recordings of real senders (``tests/data/senders``, made by its ``record.py``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SENDERS = Path(__file__).resolve().parents[1] / "data" / "senders"


class Recorded(NamedTuple):
    """A request as it was sent."""

    method: str
    address: str
    headers: dict[str, str]
    body: bytes


def requests_of(name: str) -> list[Recorded]:
    """Return the requests of ``NAME.http``."""
    return list(_split((SENDERS / f"{name}.http").read_bytes()))


def datagrams_of(name: str) -> list[bytes]:
    """Return the datagrams of ``NAME.datagrams``."""
    return (SENDERS / f"{name}.datagrams").read_bytes().split(b"\n\n")[:-1]


def _split(data: bytes) -> Iterator[Recorded]:
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        size = int(headers.pop("Content-Length"))
        method, address, _ = first.split(" ")
        yield Recorded(method, address, headers, rest[:size])
        data = rest[size:]
