from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dashboard.boards.boards import Boards
from dashboard.boards.unshown import suited, unshown
from tests.support.histories import T0, replica_of, samples

pytestmark = pytest.mark.gen_test
WALL = "title: Wall\nwidgets:\n- {kind: stat, title: CPU, series: [cpu]}\n"


async def test_series_that_no_board_shows_are_listed_by_name_the_newest_first(tmp_path: Path) -> None:
    (tmp_path / "wall.yaml").write_text(WALL)
    entries = [
        samples(1, T0, [("cpu", T0, 1.0), ("old", T0, 1.0), ("dashboard_x", T0, 1.0), ("node_y", T0, 1.0)]),
        samples(2, T0 + 1, [('disk_free{mount="/"}', T0 + 1, 1.0), ('disk_free{mount="/home"}', T0 + 1, 1.0)]),
        samples(3, T0 + 2, [("load", T0 + 2, 55.0)], [(0, "%", None)]),
    ]
    found = await unshown(Boards(tmp_path), replica_of(entries).table)
    assert [(each.name, each.series, each.kind) for each in found] == [
        ("load", 1, "gauge"), ("disk_free", 2, "line"), ("old", 1, "stat"),
    ]  # fmt: skip
    assert yaml.safe_load(found[0].widget) == [
        {"kind": "gauge", "title": "Load", "series": ["load"], "min": 0, "max": 100}
    ]
    assert yaml.safe_load(found[1].widget)[0]["legend"] == "mount"


async def test_a_widget_suits_its_series() -> None:
    rows = [("still", T0 + each, 1.0) for each in range(9)] + [("moves", T0 + each, float(each)) for each in range(9)]
    by_name = {
        s.key.name: s for s in replica_of([samples(1, T0, [*rows, ("share", T0, 5.0)], [(18, "%", None)])]).table
    }
    assert suited(by_name["still"], 1) == "stat"
    assert suited(by_name["moves"], 1) == "line"
    assert suited(by_name["share"], 1) == "gauge"
    assert [suited(by_name["share"], count) for count in (2, 12, 13)] == ["line", "line", "bar"]


async def test_counters_and_histograms_are_proposed_as_expressions_and_those_of_boards_count_as_shown(
    tmp_path: Path,
) -> None:
    sales = "- {kind: line, title: Sales, expr: 'sum(rate(sales_total[1m]))'}"
    (tmp_path / "wall.yaml").write_text(f"title: Wall\nwidgets:\n{sales}\n- {{kind: line, title: Bad, expr: 'sum('}}\n")
    names = ("sales_total", 'orders_total{shop="a"}', 'orders_total{shop="b"}', 'took_bucket{le="1"}')
    every = replica_of([samples(1, T0, [(name, T0, 1.0) for name in names])]).table
    found = {row.name: yaml.safe_load(row.widget)[0] for row in await unshown(Boards(tmp_path), every)}
    assert found.keys() == {"orders_total", "took_bucket"}
    assert found["orders_total"]["expr"] == "rate(orders_total[1m])"
    assert found["orders_total"]["legend"] == "{{shop}}"
    assert found["took_bucket"]["expr"] == "histogram_quantile(0.99, sum by (le) (rate(took_bucket[1m])))"
