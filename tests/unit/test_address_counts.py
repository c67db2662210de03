"""Counts by address: no address gets more than the limit, whichever processes are asked, and ended processes are forgotten."""

from __future__ import annotations

import os

import pytest

from dashboard.address_counts import AddressCounts, make_shared


def test_alone_a_network_gets_as_many_places_as_it_may() -> None:
    counts = AddressCounts.alone()
    assert [counts.take("10.0.0.1", 2) for _ in range(3)] == [True, True, False]
    assert counts.take("10.0.0.2", 2)
    counts.give_back("10.0.0.1")
    assert counts.take("10.0.0.1", 2)


def test_processes_that_share_a_table_count_together_and_the_dead_are_forgotten() -> None:
    descriptor = make_shared(3)
    try:
        first, second, supervisor = (AddressCounts.shared(descriptor, column, 3) for column in range(3))
    finally:
        os.close(descriptor)  # the tables keep their own
    assert [table.take("2001:db8::/64", 3) for table in (first, second, second, first, second)] == [True] * 3 + [
        False
    ] * 2
    assert supervisor.total("2001:db8::/64") == 3
    supervisor.clear(1)  # the second was killed
    assert [first.take("2001:db8::/64", 3) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("network", ["", "\ud800", "x" * 10_000])
def test_any_text_is_a_network(network: str) -> None:
    assert AddressCounts.alone().take(network, 1)


def test_two_tables_place_networks_differently() -> None:
    cells = {AddressCounts.alone()._cell("10.0.0.1") for _ in range(8)}
    assert len(cells) > 1
