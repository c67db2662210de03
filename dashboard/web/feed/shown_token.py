"""Tokens in JSON bodies: ``auth_token`` (Smashing) or ``api_key``."""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from dashboard.accounts.authorization import token_in_header
from dashboard.accounts.credentials import TOKEN_PREFIX
from dashboard.domain.errors import BadToken


class _Shown(Struct):
    auth_token: str = ""
    api_key: str = ""


_shown = msgspec.json.Decoder(_Shown)
_SHOWN = re.compile(rb'"(?:auth_token|api_key)"\s*:\s*"([\x21\x23-\x5b\x5d-\x7e]{1,4096})"')


def token_in(body: bytes, *, search: bool) -> str:
    """Return the token in a JSON object; empty if there is none.

    ``search``: whether to search also an array or broken JSON for the first token. The parser reports the broken JSON later.
    """
    start = body.lstrip()[:1]
    if start == b"{":
        try:
            said = _shown.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return said.auth_token or said.api_key
    found = _SHOWN.search(body) if search and start in (b"{", b"[") else None
    return found[1].decode() if found else ""


def says_something(header: str) -> bool:
    """Return whether an Authorization header contains more than an empty user and password."""
    _, _, rest = header.strip().partition(" ")
    return rest.strip() not in ("", "Og==")


def is_foreign(header: str) -> bool:
    """Return whether an Authorization header cannot contain a token of this server: by default, clients send ``root:root`` or nothing."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return scheme.lower() in ("bearer", "token") and not rest.strip()
    try:
        password = token_in_header(header)
    except BadToken:
        return False
    return not password.startswith(TOKEN_PREFIX) and password.count(".") != 2
