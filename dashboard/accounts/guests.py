"""Guests: people who talk under a name of their own choice, on a server that only its own machine can reach and that needs no login.

A guest has a viewer's rights.  The guest mark is a part of the name, so it is visible wherever the name is shown.
"""

from __future__ import annotations

import re
from collections.abc import Container

from dashboard.accounts.names import clean_name
from dashboard.domain.errors import BadToken, Invalid
from dashboard.domain.identity import GUEST_MARK, MAX_FULL_NAME, RESERVED_NAMES, Caller, Role

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,39}")


def guest_of(user_id: str, name: str, users: Container[str]) -> Caller:
    """Return the caller of a guest. ``users``: ids of accounts, which guests may not use. Raises BadToken, Invalid."""
    if not _ID.fullmatch(user_id):
        raise Invalid("write 1 to 40 letters, digits, - _ . and @, beginning with a letter or digit", field="id")
    if user_id in users or user_id.lower() in users or user_id.lower() in RESERVED_NAMES:
        raise BadToken(f"{user_id} is the id of a user, not of a guest; send the user's token, or choose another id")
    shown = clean_name(name or user_id, field="username").removesuffix(GUEST_MARK).rstrip()
    if len(shown) + len(GUEST_MARK) > MAX_FULL_NAME:
        raise Invalid(f"must have at most {MAX_FULL_NAME - len(GUEST_MARK)} characters", field="username")
    return Caller("guest", user_id, (shown or user_id) + GUEST_MARK, Role.VIEWER)
