"""Users and tokens as admins see them."""

from __future__ import annotations

from dashboard.domain.identity import Role, Token, User
from dashboard.web.accounts.admin import token_state, user_state


def test_a_user_is_shown_without_what_sessions_are_checked_by() -> None:
    user = User("ann", "Ann", Role.EDITOR, version=7, created_ms=5, grants=(("host", Role.OPERATOR),), kept_session="s")
    shown = user_state(user, 9)
    assert (shown.id, shown.role, shown.created, shown.last_login, shown.disabled) == ("ann", "editor", 5, 9, False)
    assert shown.grants == {"host": "operator"}
    assert not hasattr(shown, "kept_session")


def test_a_token_is_shown_with_its_text_only_when_it_is_new() -> None:
    token = Token("t1", "ci", ("write",), ("ci.",), 5.0, 10, "ann", 1, 2, 3)
    assert token_state(token).token == ""
    shown = token_state(token, "dsh_x")
    assert (shown.token, shown.prefixes, shown.per_s, shown.max_series) == ("dsh_x", ("ci.",), 5.0, 10)
    assert (shown.created, shown.created_by, shown.expires, shown.last_used) == (1, "ann", 2, 3)
