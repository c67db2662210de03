"""Which series a holder holds: a feeder's token those that it has fed, a group of a Pushgateway those that were pushed to it."""

from __future__ import annotations

from msgspec import Struct


class SeriesOwned(Struct, array_like=True, tag="h", frozen=True):
    """A holder of this kind holds these, over the partition ``signals``; ``whole``: and no others; else: and not what is ``gone``."""

    node: str
    kind: str
    holder: str
    whole: bool
    keys: list[str]
    gone: list[str] = []


class AskSeriesOwned(Struct, array_like=True, tag="k", frozen=True):
    """This node may have missed what was said: let everybody say what is held."""

    node: str
