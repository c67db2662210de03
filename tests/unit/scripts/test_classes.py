from __future__ import annotations

from pathlib import Path

from scripts.checks.classes import classes_of_same_name
from tests.unit.scripts.sources import package


def test_a_class_name_of_two_modules_is_found(tmp_path: Path) -> None:
    files = {
        "dashboard/a.py": "class Batch: pass\nclass Only: pass",
        "dashboard/b.py": "class Batch: pass",
        "dashboard/c.py": "class Outer:\n    class Only: pass",
        "dashboard/client/sample.py": "class Refusal: pass\nclass Sample: pass",
        "dashboard/d.py": "class Refusal: pass\nclass Sample: pass",
        "dashboard/clients.py": "class Port: pass",
        "dashboard/web/client.py": "class Port: pass",
    }
    found = classes_of_same_name(package(tmp_path, files))
    assert [str(each) for each in found] == [
        "dashboard/a.py:1 Batch is also in dashboard/b.py",
        "dashboard/clients.py:1 Port is also in dashboard/web/client.py",
        "dashboard/client/sample.py:2 Sample is also in dashboard/d.py",
    ]
