"""Description of a route's methods for ``/api/openapi.json``, kept beside the handler's code."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Operation(Struct, frozen=True):
    """Description of one method. ``body`` and ``returns`` are structs; ``query``: meanings of the query arguments by name.

    ``media``: content type of the response; ``raw``: True if the response is not (only) JSON.
    """

    summary: str
    status: int = 200
    body: object = None
    returns: object = None
    query: dict[str, str] = {}
    media: str = "application/json; charset=utf-8"
    raw: bool = False


#: Operations by lower-case method.
Operations = Mapping[str, Operation]
