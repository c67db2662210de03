from __future__ import annotations

import pytest

from dashboard.accounts.guests import guest_of
from dashboard.domain.errors import BadToken, Invalid
from dashboard.domain.identity import Role


def test_a_guest_is_a_viewer_whose_name_says_so() -> None:
    guest = guest_of("user-1", " Ann  B ", {"vera"})
    assert (guest.kind, guest.id, guest.name, guest.role) == ("guest", "user-1", "Ann B (guest)", Role.VIEWER)
    assert guest.is_person
    assert guest_of("u", "", ()).name == "u (guest)"
    assert guest_of("u", "Ann (guest)", ()).name == "Ann (guest)"


@pytest.mark.parametrize("user", ["vera", "Vera", "operator", "Server"])
def test_users_and_the_server_itself_are_no_guests(user: str) -> None:
    with pytest.raises(BadToken):
        guest_of(user, "x", {"vera"})


@pytest.mark.parametrize(
    ("user", "name"), [("", "x"), ("a:b", "x"), ("a" * 41, "x"), ("a b", "x"), ("a", "x" * 80), ("a", "\0")]
)
def test_an_id_and_a_name_have_a_form(user: str, name: str) -> None:
    with pytest.raises(Invalid):
        guest_of(user, name, ())
