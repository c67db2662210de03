from __future__ import annotations

import pytest

from dashboard.domain.partition import all_partitions, partition_of, partitions_for
from dashboard.domain.selector import parse_selector


def selectors(*texts: str) -> list[object]:
    return [parse_selector(text) for text in texts]


def test_a_name_belongs_to_the_same_partition_on_every_process_and_after_every_upgrade() -> None:
    assert [partition_of(name, 8) for name in ("cpu", "memory", "disk_io")] == ["metrics.6", "metrics.5", "metrics.5"]


def test_names_are_spread_over_all_partitions() -> None:
    assert {partition_of(f"m{number}", 4) for number in range(200)} == set(all_partitions(4))


def test_one_partition_holds_everything() -> None:
    assert all_partitions(1) == ("metrics.0",)
    assert partition_of("anything", 1) == "metrics.0"
    assert partitions_for(selectors("anything"), 1) == ("metrics.0",)  # type: ignore[arg-type]


def test_selectors_that_name_their_metrics_need_the_partitions_of_these_only() -> None:
    wanted = partitions_for(selectors("cpu", 'memory{host="a"}', "disk_io"), 8)  # type: ignore[arg-type]
    assert wanted == tuple(sorted({partition_of(name, 8) for name in ("cpu", "memory", "disk_io")}))


@pytest.mark.parametrize("texts", [(), ("cpu", '{__name__=~"c.*"}')])
def test_no_selector_or_one_without_a_name_needs_all_of_them(texts: tuple[str, ...]) -> None:
    assert partitions_for(selectors(*texts), 3) == all_partitions(3)  # type: ignore[arg-type]
