from __future__ import annotations

from pathlib import Path

from scripts.checks.sizes import function_lengths, middle, module_lengths, ninetieth
from tests.unit.scripts.sources import package


def test_the_longest_function_and_module_come_first_with_their_place(tmp_path: Path) -> None:
    modules = package(
        tmp_path,
        {
            "dashboard/a.py": "def short() -> None:\n    pass\n",
            "dashboard/b.py": "\nclass C:\n    async def long(self) -> None:\n        x = 1\n        y = 2\n        print(x, y)\n",
        },
    )
    assert [(lines, str(place)) for lines, place in function_lengths(modules)] == [
        (4, "dashboard/b.py:3 long has 4 lines"),
        (2, "dashboard/a.py:1 short has 2 lines"),
    ]
    assert [lines for lines, _ in module_lengths(modules)] == [6, 2]


def test_median_and_p90_of_lengths() -> None:
    assert (middle([1, 2, 30]), ninetieth([*range(1, 12)])) == (2, 10)
    assert (middle([]), ninetieth([]), ninetieth([7])) == (0, 0, 7)
