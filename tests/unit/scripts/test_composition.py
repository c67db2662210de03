from __future__ import annotations

from pathlib import Path

from scripts.checks.composition import foreign_assignments
from tests.unit.scripts.sources import package

WIRING = """
    class App:
        def __init__(self, hub, logs):
            self.hub = hub
            self.parts: list[int] = []
            self.names["a"] = 1
            self.hub.people = logs
            hub.authorise, self.logs = logs, logs
            logs.count += 1
            setattr(hub, "people", logs)
"""


def test_wiring_after_construction_is_found_in_the_composition_only(tmp_path: Path) -> None:
    files = {"dashboard/app.py": WIRING, "dashboard/app_people.py": WIRING, "dashboard/app/build.py": WIRING}
    modules = package(tmp_path, files | {"dashboard/hub/hub.py": WIRING, "dashboard/apparatus.py": WIRING})
    found = foreign_assignments(modules)
    assert {each.path for each in found} == set(files)
    assert [each.text for each in found if each.path == "dashboard/app.py"] == [
        "self.hub.people = logs",
        "hub.authorise, self.logs = (logs, logs)",
        "logs.count += 1",
        "setattr(hub, 'people', logs)",
    ]
