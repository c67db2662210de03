"""Base of handlers without authentication: clients use them to check that the server exists, before they authenticate."""

from __future__ import annotations

from dashboard.web.server.base import BaseHandler


class OpenHandler(BaseHandler[None]):
    """Handler that answers without authentication."""

    def check_caller(self) -> None:
        """Require no authentication."""
