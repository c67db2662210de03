"""Places: which clients are refused, and that anonymous clients cannot take the places of authenticated ones."""

from __future__ import annotations

from dashboard.address_counts import AddressCounts, Place
from dashboard.domain.errors import Overloaded
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.hub.limits import HubLimits
from dashboard.hub.places import ConnectionPlaces
from dashboard.hub.registry import ConnectionRegistry
from tests.support.hubs import connect

ANN = Caller("user", "ann")


class Stand:
    def __init__(self, **limits: int) -> None:
        self.registry = ConnectionRegistry()
        self.places = ConnectionPlaces(self.registry, HubLimits(**limits), AddressCounts.alone())  # type: ignore[arg-type]  # only whole numbers here
        self.taken: list[Place] = []

    def open(self, caller: Caller, network: str) -> str:
        """Open a connection if it gets a place; return why it gets none."""
        try:
            place = self.places.reserve(caller, network)
        except Overloaded as refusal:
            return str(refusal)
        self.taken.append(place)
        self.registry.connections.add(connect(caller=caller, place=place))
        return ""


def test_one_address_takes_only_some_places_without_a_login() -> None:
    stand = Stand(max_anonymous_per_address=2, max_connections=100)
    assert [stand.open(ANONYMOUS, "10.0.0.1") == "" for _ in range(3)] == [True, True, False]
    assert "2 connections of one address" in stand.open(ANONYMOUS, "10.0.0.1")
    assert stand.open(ANONYMOUS, "10.0.0.2") == ""
    assert [stand.open(ANN, "10.0.0.1") for _ in range(3)] == [""] * 3


def test_a_place_that_is_left_is_free_again_once() -> None:
    stand = Stand(max_anonymous_per_address=1)
    assert stand.open(ANONYMOUS, "10.0.0.1") == ""
    for _ in range(3):
        stand.taken[0].release()
    assert [stand.open(ANONYMOUS, "10.0.0.1") == "" for _ in range(2)] == [True, False]


def test_the_place_of_a_client_that_has_logged_in_is_free_again() -> None:
    stand = Stand(max_anonymous_per_address=1)
    assert stand.open(ANONYMOUS, "10.0.0.1") == ""
    (connection,) = stand.registry.connections
    connection.caller = ANN
    stand.registry.add_user(connection)
    assert stand.open(ANONYMOUS, "10.0.0.1") == ""


def test_a_fifth_of_the_places_is_for_those_who_are_authenticated() -> None:
    stand = Stand(max_connections=10)
    assert [stand.open(ANONYMOUS, f"10.0.0.{number}") == "" for number in range(10)] == [True] * 8 + [False] * 2
    assert "users and tokens" in stand.open(ANONYMOUS, "10.0.1.1")
    assert [stand.open(ANN, "10.0.0.1") == "" for _ in range(3)] == [True, True, False]
    assert stand.open(ANN, "10.0.0.1") == "more than 10 connections; try again later"
