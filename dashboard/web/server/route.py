"""One row of the table of routes: an address, its handler, and the services that the handler is given."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from dashboard.web.server.context import WebContext

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


class Handler(Protocol[S_contra]):
    """A Tornado handler that takes services of this kind."""

    def initialize(self, context: WebContext, services: S_contra, template: str = "") -> None:
        """Take what the route gives; called by Tornado."""


class Route(NamedTuple, Generic[S]):
    """``template`` is an address such as ``/boards/{board}``.

    ``summary`` describes the route in ``/api/openapi.json`` where the handler says nothing of its own.
    """

    template: str
    handler: type[Handler[S]]
    services: S
    summary: str = ""


AnyRoute = Route[Any]
