"""``scripts/test --changed`` chooses the tests that a change can touch."""

from __future__ import annotations

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
    source = "import a.b\nfrom c import d\nfrom . import e\nfrom ..f import g\ndef later():\n    import h\n"
    found = changed.imports_of(source, "top.middle.here")
    assert found >= {"a", "a.b", "c", "c.d", "top.middle.e", "top.f", "top.f.g", "h"}


def test_the_nearest_files_are_taken_while_there_is_time() -> None:
    files = {"tests/x/test_far.py": 5, "tests/x/test_near.py": 0, "tests/x/test_slow.py": 1}
    seconds = {"tests/x/test_near.py": 1, "tests/x/test_slow.py": changed.BUDGET_S, "tests/x/test_far.py": 2}
    taken, left = changed.select(files, seconds)
    assert taken == ["tests/x/test_near.py", "tests/x/test_far.py"]
    assert left == ["tests/x/test_slow.py"]
