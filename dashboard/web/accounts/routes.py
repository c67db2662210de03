"""Routes of logins, users, tokens, share links and the audit log."""

from __future__ import annotations

from dashboard.accounts.authenticator import Authenticator
from dashboard.web.accounts import accounts, admin, oidc
from dashboard.web.accounts.accounts import AccountServices
from dashboard.web.accounts.oidc import OidcServices
from dashboard.web.accounts.share import SharePage
from dashboard.web.server.route import AnyRoute, Route


def account_routes(services: AccountServices, openid: OidcServices, identify: Authenticator) -> list[AnyRoute]:
    """Return the routes of accounts."""
    return [
        Route("/share/{link}", SharePage, identify),
        Route("/oidc/start", oidc.OidcStart, openid),
        Route("/oidc/callback", oidc.OidcCallback, openid),
        Route("/api/v1/login", accounts.LoginHandler, services),
        Route("/api/v1/logout", accounts.LogoutHandler, services),
        Route("/api/v1/first-admin", accounts.FirstAdminHandler, services),
        Route("/api/v1/me", accounts.MeHandler, services),
        Route("/api/v1/users", admin.UsersHandler, services),
        Route("/api/v1/users/{user}", admin.UserHandler, services),
        Route("/api/v1/tokens", admin.TokensHandler, services),
        Route("/api/v1/tokens/{token}", admin.TokenHandler, services),
        Route("/api/v1/links", admin.LinksHandler, services),
        Route("/api/v1/links/{link}", admin.LinkHandler, services),
        Route("/api/v1/audit", admin.AuditHandler, services),
    ]
