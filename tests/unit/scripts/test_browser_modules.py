"""Browser modules with logic have a test that imports them, or a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checks.browser_modules import modules_with_logic, stale_exemptions, without_test
from tests.unit.scripts.sources import write


@pytest.mark.parametrize(
    ("text", "has_logic"),
    [
        ("export function f() {\n}", True),
        ("export const f = (a) => a;", True),
        ("class A {\n  work(a) {\n  }\n}", True),
        ("class A {\n  async *work() {\n  }\n}", True),
        ("class A extends Error {\n  constructor(a) {\n    super(a);\n  }\n}", False),
        ("/** @typedef {(a: number) => void} F function f() */\nexport const A = 3; // => function", False),
        ('import "./a.js";', False),
    ],
)
def test_a_function_a_method_or_a_callback_is_logic(tmp_path: Path, text: str, has_logic: bool) -> None:
    write(tmp_path, {"static/js/data/a.js": text})
    assert modules_with_logic(tmp_path) == ["static/js/data/a.js"] * has_logic


def test_a_module_needs_a_test_that_imports_it_or_a_reason_that_names_one(tmp_path: Path) -> None:
    code = "export function f() {}"
    names = ("tested", "foreign", "none", "excused", "needless", "unknown")
    write(
        tmp_path,
        {f"static/js/data/{name}.js": code for name in names}
        | {
            "tests/js/tested.test.js": 'import "../../static/js/data/tested.js";',
            "tests/js/needless.test.js": 'import "../../static/js/data/needless.js";',
            "tests/js/foreign.test.js": 'import "../../static/js/pages/foreign.js";',
            "tests/browser/test_all.py": "",
        },
    )
    reasons = {
        "static/js/data/excused.js": "in Chromium: tests/browser/test_all.py",
        "static/js/data/needless.js": "in Chromium: tests/browser/test_all.py",
        "static/js/data/unknown.js": "in Chromium: tests/browser/test_gone.py",
        "static/js/data/gone.js": "in Chromium: tests/browser/test_all.py",
    }
    assert [str(each) for each in without_test(tmp_path, reasons)] == [
        "static/js/data/foreign.js is not imported by tests/js/foreign.test.js",
        "static/js/data/none.js has no tests/js/none.test.js",
    ]
    assert stale_exemptions(tmp_path, reasons) == [
        "static/js/data/needless.js", "static/js/data/unknown.js", "static/js/data/gone.js",
    ]  # fmt: skip
