from __future__ import annotations

from pathlib import Path

from scripts.checks.composition import NO_HOOK, foreign_assignments
from tests.unit.scripts.sources import package

ROOT = Path(__file__).parents[3]

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

SERVICES = """
    class Rates(Struct):
        step: int
        where: Callable[[], int] | None = None

    class Link(Protocol):
        def send(self) -> None: ...

    class Reader:
        link: Link

        def __init__(self, link: Link) -> None:
            self._link = link

    class Logs:
        def __init__(self, on_read: Callable[[int], None], counts: list[int]) -> None:
            self.on_read = on_read
            self.counts = counts
"""

LATE = """
    def loose(part, other): ...

    class Room:
        def __init__(self, logs, rates, part, other, counts, link):
            self.on_read = other
            logs.count, logs.step = 0, rates.step + 1
            logs.counts = counts
            rates.where = None
            rates.where = other
            logs.on_read = self.read
            part.tell = lambda: None
            part.loose, part.other = loose, other
            part.owner = self
            part.reader = Reader(other)
            part.any = partial(loose, 1)
            part.link = link
"""


def test_all_wiring_after_construction_is_found_in_the_composition(tmp_path: Path) -> None:
    files = {"dashboard/app.py": WIRING, "dashboard/app_people.py": WIRING, "dashboard/app/build.py": WIRING}
    modules = package(tmp_path, files)
    found = foreign_assignments(modules)
    assert {each.path for each in found} == set(files)
    assert [each.text for each in found if each.path == "dashboard/app.py"] == [
        "self.hub.people = logs",
        "hub.authorise, self.logs = (logs, logs)",
        "logs.count += 1",
        "setattr(hub, 'people', logs)",
    ]


def test_functions_and_services_assigned_to_others_are_found_everywhere_and_state_is_not(tmp_path: Path) -> None:
    modules = package(tmp_path, {"dashboard/parts.py": SERVICES, "dashboard/conversation/room.py": LATE})
    assert [each.text for each in foreign_assignments(modules)] == [
        "rates.where = other",
        "logs.on_read = self.read",
        "part.tell = lambda: None",
        "part.loose, part.other = (loose, other)",
        "part.owner = self",
        "part.reader = Reader(other)",
        "part.any = partial(loose, 1)",
        "part.link = link",
    ]


def test_objects_of_other_programs_are_excused_only_where_they_are_wired() -> None:
    for path, attribute in NO_HOOK:
        assert f".{attribute} = " in (ROOT / path).read_text("utf-8")
