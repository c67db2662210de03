"""The tests of a lane are found by their files."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support import lanes

ROOT = Path(__file__).resolve().parents[2]


def test_a_file_is_of_one_lane_by_its_name_or_of_one_more_by_the_mark_of_a_test() -> None:
    alone, in_threes = lanes.files_of("alone"), lanes.files_of("in_threes")
    assert {"tests/faults/test_weather.py", "tests/integration/test_thousand_users.py"} <= set(alone)
    assert {"tests/browser/test_return.py", "tests/faults/test_redis.py"} <= set(in_threes)
    assert not set(in_threes) & {
        "tests/faults/test_weather.py",
        "tests/browser/test_look.py",
        "tests/unit/test_lanes.py",
    }


def test_the_run_asks_for_the_files_of_each_lane_that_has_few() -> None:
    asked = re.findall(
        r"tests\.support\.lanes (\w+)\)\n\s+(.*) \"\$\{files\[@\]\}\"", (ROOT / "scripts/test").read_text()
    )
    assert asked == [("in_threes", "lane in_threes 3"), ("alone", "run -m alone")]
