"""Base of handlers that answer anybody: clients check with them that the server exists, before they authenticate."""

from __future__ import annotations

from dashboard.web.server.base import BaseHandler


class OpenHandler(BaseHandler[None]):
    """Handler that answers without authentication."""

    def check_caller(self) -> None:
        """Require no authentication."""
