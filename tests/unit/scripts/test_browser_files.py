from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts import browser_files
from scripts.browser_files import NPM, ROOT, Bundle, Sheet, make_browser_files, native, state
from tests.support.deadline import scaled

PACKAGES = NPM / "node_modules"


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use an empty folder in the place of static/vendor/, for which no package is fetched."""
    folder = tmp_path / "vendor"
    monkeypatch.setattr(browser_files, "VENDOR", folder)
    monkeypatch.setattr(browser_files, "STAMP", folder / ".made-from")
    monkeypatch.setattr(browser_files, "install_packages", lambda: PACKAGES)
    return folder


def test_what_the_pages_load_from_there_is_made() -> None:
    loaded = set()
    for path in (*(ROOT / "static" / "js").rglob("*.js"), *(ROOT / "static" / "css").rglob("*.css")):
        loaded |= set(re.findall(r"""["'(](?:\.\./)+vendor/([\w.-]+)""", path.read_text()))
    for path in (ROOT / "templates").glob("*.html"):
        loaded |= set(re.findall(r"/vendor/([\w.-]+)", path.read_text()))
    assert "inter-greek.woff2" in loaded
    assert not [name for name in loaded if not (ROOT / "static" / "vendor" / name).exists()]


def test_copies_and_bundles_are_made_and_what_is_no_longer_listed_goes(
    vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tmp_path / "entry.js"
    entry.write_text('import uPlot from "uplot"; export const made = (o) => o?.chart ?? new uPlot();')
    monkeypatch.setattr(browser_files, "COPIES", {"uplot/LICENSE": "uplot.LICENSE.txt"})
    monkeypatch.setattr(browser_files, "BUNDLES", (Bundle(str(entry), "old/page.js", "chrome79"),))
    vendor.mkdir()
    (vendor / "gone.js").write_text("")
    make_browser_files()
    assert {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()} == {
        ".made-from",
        "old/page.js",
        "uplot.LICENSE.txt",
    }
    bundle = (vendor / "old" / "page.js").read_text()
    assert "u-legend" in bundle  # uPlot is in it
    assert not re.search(r"\?\.(?!\d)", bundle)  # lowered for the target


def test_nothing_is_made_again_while_nothing_changed(
    vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_files, "COPIES", {"uplot/LICENSE": "uplot.LICENSE.txt"})
    monkeypatch.setattr(browser_files, "BUNDLES", ())
    make_browser_files()
    monkeypatch.setattr(browser_files, "install_packages", lambda: pytest.fail("made again"))
    make_browser_files()
    (vendor / "uplot.LICENSE.txt").unlink()
    with pytest.raises(pytest.fail.Exception, match="made again"):
        make_browser_files()


def test_a_change_of_a_source_is_a_change_of_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    source = tmp_path / "static" / "js" / "page.js"
    source.parent.mkdir(parents=True)
    source.write_text("1")
    monkeypatch.setattr(browser_files, "ROOT", tmp_path)
    monkeypatch.setattr(browser_files, "BUNDLES", (Bundle("static/js/page.js", "page.js"),))
    first = state()
    assert first == state()
    source.write_text("2")
    assert state() != first


def test_a_failing_program_ends_the_build_with_its_words(tmp_path: Path) -> None:
    entry = tmp_path / "entry.js"
    entry.write_text("export const = 1;")
    with pytest.raises(SystemExit, match=r'Expected identifier but found "="'):
        Bundle(str(entry), "page.js").make(PACKAGES, tmp_path / "page.js")


def test_a_style_sheet_is_made_for_its_target(tmp_path: Path) -> None:
    entry, sheet = tmp_path / "entry.css", tmp_path / "sheet.css"
    entry.write_text("a { --page: oklch(50% 0 0); inset: 0; display: flex; gap: 1px; }")
    Sheet(str(entry), "sheet.css", "chrome 79").make(PACKAGES, sheet)
    assert sheet.read_text().startswith(
        "@supports not (appearance:none){a>:not(:last-child){margin-right:1px}}a{--page:#636363;"
    )
    assert "inset" not in sheet.read_text()


def test_a_machine_that_npm_has_no_program_for_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no @esbuild/\*/bin/esbuild for this machine"):
        native(tmp_path, "@esbuild/*/bin/esbuild")


def test_a_wheel_can_be_built_from_the_sdist(tmp_path: Path) -> None:
    build = f"from scripts.build_backend import build_sdist; build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True, timeout=scaled(120))
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    needed = {path.relative_to(ROOT).as_posix() for path in (ROOT / "static").rglob("*") if path.is_file()}
    assert not {*needed, "scripts/build_backend.py", "scripts/browser_files.py", "package-lock.json", ".npmrc"} - names
