"""Base of the JSON handlers: the caller's name for the audit log, numbers in the query, empty responses."""

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
        """Finish the response with 204 and no body."""
        self.set_status(204)
        self.finish()

    def number(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """Return a query argument as a whole number from ``least`` to ``most``, ``default`` if it is missing; raises Invalid."""
        text = self.get_query_argument(name, None)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 18 and least <= int(text) <= most):
            raise Invalid(f"{text[:20]!a} is not a whole number from {least} to {most}", field=name)
        return int(text)
