"""HTTP handler for share links."""

from __future__ import annotations

from dashboard.accounts.authenticator import Authenticator
from dashboard.domain.errors import NotFound
from dashboard.domain.identity import ANONYMOUS
from dashboard.web.server.base import BaseHandler


class SharePage(BaseHandler[Authenticator]):
    """``/share/LINK``: sets the link's cookie and redirects to its board."""

    secret_path = True

    def get(self, link: str) -> None:
        caller = self.services.with_share(ANONYMOUS, link)
        if not caller.boards:
            raise NotFound("this link is wrong, expired or revoked; ask for a new one")
        self.context.identity.set_share(self, caller.boards[0], link)
        self.redirect(f"/boards/{caller.boards[0]}")
