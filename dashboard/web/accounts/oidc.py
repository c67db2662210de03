"""HTTP handlers for the redirects to the OpenID provider and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from dashboard.accounts.credentials import Credentials
from dashboard.accounts.oidc import Begun, OpenId
from dashboard.domain.errors import BadToken, Invalid
from dashboard.web.server.addresses import own_address
from dashboard.web.server.base import BaseHandler

_COOKIE = "oidc"
#: A login that takes longer has to begin again.
_MAX_AGE_S = 600


class OidcServices(NamedTuple):
    """Services of the OpenID routes. ``public_url``: this server's external URL, or empty."""

    openid: OpenId
    credentials: Credentials
    public_url: str
    now_ms: Callable[[], int]


class OidcHandler(BaseHandler[OidcServices]):
    """Base of both OpenID handlers."""

    @property
    def redirect_uri(self) -> str:
        """URL to which the provider redirects the browser after the login."""
        base = self.services.public_url.rstrip("/") or f"{self.request.protocol}://{self.request.host}"
        return f"{base}/oidc/callback"


class OidcStart(OidcHandler):
    """``/oidc/start``: redirect to the provider; the login's state goes into a signed cookie."""

    async def get(self) -> None:
        target = own_address(self.get_query_argument("next", "/"))
        address, begun = await self.services.openid.begin(self.redirect_uri, target)
        sealed = self.services.credentials.seal(msgspec.to_builtins(begun), begun.begun_ms + 1_000 * _MAX_AGE_S)
        secure = self.request.protocol == "https"
        self.set_cookie(
            _COOKIE, sealed, path="/oidc/", httponly=True, samesite="Lax", secure=secure, max_age=_MAX_AGE_S
        )
        self.redirect(address)


class OidcCallback(OidcHandler):
    """``/oidc/callback``: end of the login, with a session cookie and a redirect to the target."""

    async def get(self) -> None:
        cookie = self.request.cookies.get(_COOKIE)
        self.clear_cookie(_COOKIE, path="/oidc/")
        if error := self.get_query_argument("error", ""):
            raise Invalid(f"the provider refused the login ({error[:60]!a}); try again")
        if cookie is None:
            raise BadToken("the login took more than 10 minutes, or the browser blocks cookies; try again")
        begun = msgspec.convert(self.services.credentials.unseal(cookie.value, self.services.now_ms()), Begun)
        code, state = self.get_query_argument("code", ""), self.get_query_argument("state", "")
        session = await self.services.openid.finish(begun, state, code, self.redirect_uri, self.address)
        self.context.identity.set_cookie(self, session.token)
        self.redirect(begun.next)
