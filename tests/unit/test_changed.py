"""``scripts/test --changed`` chooses the tests that a change can touch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import changed


def test_a_change_touches_those_who_import_it_over_any_number_of_steps() -> None:
    touched = changed.touched(["dashboard/domain/rate.py"])
    assert touched["tests/unit/domain/test_rate.py"] == 1
    assert "tests/handlers/test_ingest_overload.py" in touched
    assert "tests/faults/test_redis.py" not in touched
    assert "tests/integration/test_smoke.py" not in touched
    assert changed.touched(["tests/faults/redis_faults.py"]).keys() == {
        "tests/faults/test_mutants.py",
        "tests/faults/test_redis.py",
        "tests/faults/test_redis_bad_replies.py",
    }


def test_a_module_that_is_gone_touches_those_who_still_import_its_name() -> None:
    imports = {"tests.a": changed.imports_of("from dashboard.old import gone", "tests.a")}
    assert changed.steps_to({"dashboard.old.gone"}, imports)["tests.a"] == 1
    assert changed.touched(["dashboard/no/such_module.py", "no/such/file.txt", "dashboard/gone/x.lua"]) is not None


def test_imports_are_found_in_all_their_forms() -> None:
    source = """
import a.b
from c import d
from . import e
from ..f import g
def later():
    for each in ():
        import h
    else:
        import i
    try: import j
    except ImportError: import k
    finally: import l
    match later:
        case 1: import m
    with later: import n
"""
    found = changed.imports_of(source, "top.middle.here")
    assert found >= {"a", "a.b", "c", "c.d", "top.middle.e", "top.f", "top.f.g", *"hijklmn"}


def test_the_nearest_files_are_taken_while_there_is_time() -> None:
    files = {"tests/x/test_far.py": 5, "tests/x/test_near.py": 0, "tests/x/test_slow.py": 1}
    seconds = {"tests/x/test_near.py": 1, "tests/x/test_slow.py": changed.BUDGET_S, "tests/x/test_far.py": 2}
    taken, left = changed.select(files, seconds)
    assert taken == ["tests/x/test_near.py", "tests/x/test_far.py"]
    assert left == ["tests/x/test_slow.py"]


def test_imports_are_read_anew_when_a_file_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed, "ROOT", tmp_path)
    monkeypatch.setattr(changed, "_IMPORTS", tmp_path / "cache" / "imports.json")
    (tmp_path / "tests").mkdir()
    file = tmp_path / "tests" / "test_a.py"
    for source, imported in (("import b", "b"), ("import b", "b"), ("import of_another", "of_another")):
        if not file.exists() or file.read_text() != source:
            file.write_text(source)
        changed.graph.cache_clear()
        assert changed.graph() == {"tests.test_a": {imported}}
    changed.graph.cache_clear()
    assert list(json.loads((tmp_path / "cache" / "imports.json").read_text())) == ["tests/test_a.py"]


def test_what_is_left_out_is_said_and_what_is_taken_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    near = "tests/unit/test_near.py"
    far = [f"tests/unit/test_far_{number:02}.py" for number in range(12)]
    monkeypatch.setattr(changed, "changed_paths", lambda base: ["dashboard/a.py"])
    monkeypatch.setattr(changed, "touched", lambda paths: {near: 1} | dict.fromkeys(far, 2))
    monkeypatch.setattr(changed, "recorded", lambda: dict.fromkeys(far, changed.BUDGET_S) | {near: 1})
    monkeypatch.setattr("sys.argv", ["changed"])
    changed.main()
    told = capsys.readouterr()
    assert told.out == f"{near}\n"
    assert "1 changed files touch 13 test files" in told.err
    assert f"left to the gate, which runs everything: {', '.join(far[:10])} and 2 more" in told.err
