"""Document: a JSON value under a key, last write wins. Text, list, table and status widgets show documents."""

from __future__ import annotations

from typing import Any, NamedTuple

from dashboard.domain.errors import Invalid

MAX_JSON_DEPTH = 16


class Document(NamedTuple):
    """JSON value under a key. ``body``: JSON text (UTF-8, valid); ``t_ms``: the journal's time of the write.

    ``every_s``: the declared cadence. ``passing``: True if the document is deleted when it is not written again in time, as a
    series is.
    """

    key: str
    body: bytes
    t_ms: int
    every_s: float | None = None
    passing: bool = False


def check_depth(value: Any, limit: int = MAX_JSON_DEPTH, *, field: str = "") -> None:
    """Raise Invalid when arrays and objects are nested deeper than ``limit``."""
    layer = [value]
    for _ in range(limit + 1):
        layer = [v for v in layer if isinstance(v, dict | list)]
        if not layer:
            return
        layer = [child for v in layer for child in (v.values() if isinstance(v, dict) else v)]
    raise Invalid(f"is nested deeper than {limit} levels; use fewer", field=field)
