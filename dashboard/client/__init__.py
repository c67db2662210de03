"""Python client: feeds a dashboard server and follows what it shows. Standard library only, no other part of this package.

    from dashboard.client import Client

    with Client("http://127.0.0.1:8888") as client:
        client.gauge("orders", 3, shop="a")
        with client.timer("import_duration"):
            ...
        for update in client.follow(["orders"]):
            print(update.points)

Modules in reading order; the first six do no I/O and serve both clients:

    sample     one value with its labels; refusals and counts of samples
    buffer     bounded buffer of waiting samples
    outbox     batches, idempotency keys, back-off: what to send and what an answer means
    address, http    the URL of a server; one HTTP/1.1 request and its answer as bytes
    websocket  RFC 6455, client side
    following  views, by docs/protocol.md: messages -> updates, resuming, gaps
    feeding    methods for feeding that both clients have: push, gauge, timer, timed
    blocking   Client, on sockets and a thread; asynchronous: AsyncClient, on asyncio streams
"""

from dashboard.client.asynchronous import AsyncClient
from dashboard.client.blocking import Client
from dashboard.client.following import Document, FollowError, Point, SeriesInfo, Update
from dashboard.client.sample import Counts, Refusal, Sample

__all__ = [
    "AsyncClient",
    "Client",
    "Counts",
    "Document",
    "FollowError",
    "Point",
    "Refusal",
    "Sample",
    "SeriesInfo",
    "Update",
]
