"""Token in an ``Authorization`` header, in the forms in which clients write it.

Source: RFC 6750 (Bearer), RFC 7617 (Basic), and the documentation of InfluxDB's HTTP API (``Token user:password``).
"""

from __future__ import annotations

import base64
from urllib.parse import unquote

from dashboard.accounts.credentials import TOKEN_PREFIX
from dashboard.domain.errors import BadToken


def token_in_header(header: str) -> str:
    """Return the token or JWT in an ``Authorization`` header; raises BadToken.

    The header is ``Bearer T``, ``Token T``, ``Token user:T``, or Basic with T as the password. A token of this server may also be
    the user of Basic, or stand alone or behind another scheme. Some OpenTelemetry SDKs send ``%20`` and ``%3D`` undecoded.
    """
    scheme, _, rest = unquote(header).strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() in ("bearer", "token"):
        return rest.rpartition(":")[2]
    if scheme.lower() == "basic":
        user, _, password = _decoded(rest).partition(":")
        return user if user.startswith(TOKEN_PREFIX) and not password.startswith(TOKEN_PREFIX) else password
    alone = rest or scheme
    if alone.startswith(TOKEN_PREFIX):
        return alone
    raise BadToken("the Authorization header must be Bearer, Token or Basic")


def _decoded(text: str) -> str:
    """Decode the Base64 of Basic; some clients lose its padding."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True).decode()
    except ValueError:
        raise BadToken("the Basic authorization must be base64 of user:password") from None
