"""Which series a holder holds: a feeder's token those that it has fed, a group of a Pushgateway those that were pushed to it."""

from __future__ import annotations

from msgspec import Struct


class Held(Struct, array_like=True, tag="h", frozen=True):
    """What a node has learnt of a holder, over the partition ``signals``; ``whole``: it holds no others."""

    node: str
    holder: str
    whole: bool
    keys: list[str]
