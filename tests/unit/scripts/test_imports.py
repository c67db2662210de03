from __future__ import annotations

from pathlib import Path

from scripts.checks.imports import cycles, import_graph, imports_inside_functions, modules_in_cycles
from tests.unit.scripts.sources import package

ONLY_FOR_TYPES = """
    from __future__ import annotations
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from dashboard.a import A
"""


def test_a_cycle_at_load_is_found_whatever_form_the_imports_have(tmp_path: Path) -> None:
    modules = package(
        tmp_path,
        {
            "dashboard/a.py": "from dashboard import b",
            "dashboard/b.py": "import dashboard.part.c",
            "dashboard/part/c.py": "try:\n    from ..a import A\nexcept ImportError:\n    pass",
            "dashboard/d.py": "from dashboard.a import A",
        },
    )
    graph = import_graph(modules, at_run_time=True)
    assert cycles(graph) == [["dashboard.a", "dashboard.b", "dashboard.part.c"]]
    assert str(modules_in_cycles(modules, at_run_time=True)[0]) == (
        "dashboard/a.py imports itself through dashboard.b, dashboard.part.c"
    )


def test_a_cycle_of_types_is_none_at_load(tmp_path: Path) -> None:
    modules = package(tmp_path, {"dashboard/a.py": "from dashboard.b import B", "dashboard/b.py": ONLY_FOR_TYPES})
    assert modules_in_cycles(modules, at_run_time=True) == []
    assert len(modules_in_cycles(modules, at_run_time=False)) == 2


def test_a_package_that_gathers_its_modules_is_no_cycle(tmp_path: Path) -> None:
    files = {
        "dashboard/part/__init__.py": "from dashboard.part.a import A",
        "dashboard/part/a.py": "from dashboard.part.b import B",
        "dashboard/part/b.py": "",
    }
    assert modules_in_cycles(package(tmp_path, files), at_run_time=False) == []


def test_an_import_inside_a_function_is_found_once(tmp_path: Path) -> None:
    text = """
        import os
        def outer() -> None:
            def inner() -> None:
                from json import dumps
    """
    found = imports_inside_functions(package(tmp_path, {"dashboard/a.py": text}))
    assert [str(each) for each in found] == ["dashboard/a.py:5 from json import dumps"]
