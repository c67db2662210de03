"""Row of the table of routes: a path template, its handler and the handler's services."""

from __future__ import annotations

from typing import Generic, NamedTuple, Protocol, TypeVar

from dashboard.web.server.context import WebContext

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


class Handler(Protocol[S_contra]):
    """Tornado handler that takes services of one type."""

    def initialize(self, context: WebContext, services: S_contra, template: str = "") -> None:
        """Store the context and services of the route; called by Tornado for each request."""


class Route(NamedTuple, Generic[S]):
    """Route to a handler. ``template``: a path such as ``/boards/{board}``.

    ``summary``: its first paragraph describes the route in ``/api/openapi.json`` if the handler has no ``operations``.
    """

    template: str
    handler: type[Handler[S]]
    services: S
    summary: str = ""


class AnyRoute(Protocol):
    """``Route`` to a handler that may need any services."""

    @property
    def template(self) -> str: ...

    @property
    def handler(self) -> type[object]: ...

    @property
    def services(self) -> object: ...

    @property
    def summary(self) -> str: ...
