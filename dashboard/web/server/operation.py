"""What is said of a route's methods in ``/api/openapi.json``, beside the code that serves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Operation(Struct, frozen=True):
    """``body`` and ``returns`` are structs; ``query``: what may stand behind the ?, and what it means.

    ``media``: the answer is not JSON but this; ``raw``: the body is not (only) JSON.
    """

    summary: str
    status: int = 200
    body: Any = None
    returns: Any = None
    query: dict[str, str] = {}
    media: str = "application/json; charset=utf-8"
    raw: bool = False


#: By method, in small letters.
Operations = Mapping[str, Operation]
