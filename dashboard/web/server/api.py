"""Base of the handlers for programs and administrators: who acts, numbers in the query, answers without a body."""

from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.web.server.base import BaseHandler, S


class ApiHandler(BaseHandler[S]):
    """Handler of a JSON route."""

    @property
    def by(self) -> str:
        """The caller's name for the audit log."""
        return self.caller.id or self.caller.kind

    def done(self) -> None:
        """Answer 204."""
        self.set_status(204)
        self.finish()

    def number(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """Return a whole number from the query; raises Invalid."""
        text = self.get_query_argument(name, None)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 18 and least <= int(text) <= most):
            raise Invalid(f"write a whole number from {least} to {most}", field=name)
        return int(text)
