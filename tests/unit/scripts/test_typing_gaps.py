from __future__ import annotations

from pathlib import Path

from scripts.checks.typing_gaps import any_outside_decoders, exemptions_without_reason
from tests.unit.scripts.sources import package


def test_any_is_found_outside_the_decoders_only(tmp_path: Path) -> None:
    text = "import typing\nfrom typing import Any\ndef f(a: dict[str, Any]) -> typing.Any:\n    'Any text'\n"
    modules = package(tmp_path, {"dashboard/a.py": text, "dashboard/decoder.py": text})
    found = any_outside_decoders(modules, ["dashboard/decoder.py"])
    assert [str(each) for each in found] == ["dashboard/a.py:3 Any", "dashboard/a.py:3 Any"]


def test_an_exemption_needs_its_reason_on_the_line(tmp_path: Path) -> None:
    text = """
        a = 1  # type: ignore[assignment]
        b = 2  # type: ignore[assignment]  # columns by name
        c = 3  # noqa: S101
        d = 4  # noqa: S101, B007 - the last is used below
        e = "# noqa"
        f = 5  # type: ignore[x]  # noqa: B905
    """
    found = exemptions_without_reason(package(tmp_path, {"dashboard/a.py": text}))
    assert [each.line for each in found] == [2, 4, 7]
