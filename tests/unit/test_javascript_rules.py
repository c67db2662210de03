"""Rules for the modules under static/js that neither tsc nor node checks: layers, sizes, types, tests, and what each layer may use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "static" / "js"
TESTS = ROOT / "tests" / "js"
#: From the ground up: a module imports from its own layer and from those before it, also for types alone.
LAYERS = ("client", "data", "draw", "widgets", "pages")
MODULES = sorted(path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.js"))

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

#: Modules without a namesake in tests/js. A reason that is a path names the test that runs the module in a real browser.
NO_UNIT_TEST = {
    "client/protocol.js": "types only",
    "client/refusal.js": "an error class and a constant",
    "draw/line-chart.js": "tests/browser/test_look.py",
    "draw/spark.js": "tests/browser/test_look.py",
    "pages/admin-audit.js": "tests/browser/test_people.py",
    "pages/admin-links.js": "tests/browser/test_people.py",
    "pages/admin-rooms.js": "tests/browser/test_people.py",
    "pages/admin-table.js": "tests/browser/test_people.py",
    "pages/admin-tokens.js": "tests/browser/test_people.py",
    "pages/admin-users.js": "tests/browser/test_people.py",
    "pages/admin.js": "tests/browser/test_people.py",
    "pages/board-chat.js": "tests/browser/test_panel.py",
    "pages/board-editor.js": "tests/browser/test_board_editor.py",
    "pages/boards.js": "tests/browser/test_boards.py",
    "pages/board.js": "tests/browser/test_host_board.py",
    "pages/browser-check.js": "tests/browser/test_old_chromium.py",
    "pages/explore.js": "tests/browser/test_chosen_and_explore.py",
    "pages/feeders.js": "tests/browser/test_feeders.py",
    "pages/first-admin.js": "tests/browser/test_people.py",
    "pages/header.js": "tests/browser/test_people.py",
    "pages/look-again.js": "tests/browser/test_boards.py",
    "pages/login.js": "tests/browser/test_people.py",
    "pages/other-editors.js": "tests/browser/test_board_editor.py",
    "pages/profile.js": "tests/browser/test_people.py",
    "pages/shell.js": "tests/browser/test_return.py",
    "pages/theme-toggle.js": "tests/browser/test_keyboard.py",
    "pages/theme.js": "tests/browser/test_look.py",
    "widgets/answer-chart.js": "tests/browser/test_expressions.py",
    "widgets/bar-tile.js": "tests/browser/test_look.py",
    "widgets/chart-table.js": "tests/browser/test_accessibility.py",
    "widgets/board-actions.js": "tests/browser/test_board_management.py",
    "widgets/board-history.js": "tests/browser/test_board_management.py",
    "widgets/board-panel.js": "tests/browser/test_board_editor.py",
    "widgets/board-text.js": "tests/browser/test_board_editor.py",
    "widgets/publishing.js": "tests/browser/test_board_management.py",
    "widgets/put-on-board.js": "tests/browser/test_boards.py",
    "widgets/series-picker.js": "tests/browser/test_board_editor.py",
    "widgets/tile-inspector.js": "tests/browser/test_board_management.py",
    "widgets/tile-clipboard.js": "tests/browser/test_board_management.py",
    "widgets/tile-placing.js": "tests/browser/test_board_editor.py",
    "widgets/connection-curtain.js": "tests/browser/test_return.py",
    "widgets/conversation-view.js": "tests/browser/test_panel.py",
    "widgets/dash-board.js": "tests/browser/test_details.py",
    "widgets/dialog.js": "tests/browser/test_keyboard.py",
    "widgets/expression-line.js": "tests/browser/test_expressions.py",
    "widgets/form.js": "tests/browser/test_people.py",
    "widgets/gauge-tile.js": "tests/browser/test_look.py",
    "widgets/line-tile.js": "tests/browser/test_details.py",
    "widgets/live-element.js": "tests/browser/test_panel.py",
    "widgets/live-thumbnails.js": "tests/browser/test_boards.py",
    "widgets/mention-list.js": "tests/browser/test_panel.py",
    "widgets/message-composer.js": "tests/browser/test_panel.py",
    "widgets/message-row.js": "tests/browser/test_panel.py",
    "widgets/notification-list.js": "tests/browser/test_panel.py",
    "widgets/people-list.js": "tests/browser/test_panel.py",
    "widgets/rich-body.js": "tests/browser/test_people_text_stays_text.py",
    "widgets/side-panel.js": "tests/browser/test_panel.py",
    "widgets/stat-tile.js": "tests/browser/test_look.py",
    "widgets/status-tile.js": "tests/browser/test_look.py",
    "widgets/table-tile.js": "tests/browser/test_details.py",
    "widgets/text-tile.js": "tests/browser/test_look.py",
    "widgets/tile.js": "tests/browser/test_ages.py",
    "widgets/user-menu.js": "tests/browser/test_people.py",
    "widgets/user.js": "tests/browser/test_people.py",
    "widgets/watcher-badges.js": "tests/browser/test_panel.py",
}

_DOM = (
    "document(?!:)|window|location|navigator|localStorage|sessionStorage|customElements|matchMedia|getComputedStyle|alert|CSS|"
    "[A-Z]\\w*Observer|HTML\\w*|SVG\\w*|Element|Node|CustomEvent|KeyboardEvent|FormData|DOMParser|requestAnimationFrame"
)
_NETWORK = "fetch|WebSocket|EventSource|XMLHttpRequest|sendBeacon"
_MARKUP = "innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|setHTML\\w*"
#: What modules of a folder must not use, and the modules that are the one place for it.
FORBIDDEN = (
    ("client/", _DOM, ()),
    ("data/", f"{_DOM}|{_NETWORK}", ()),
    ("draw/", _NETWORK, ()),
    ("", _MARKUP, ()),
    ("", "requestAnimationFrame", ("draw/frame-loop.js",)),
)
#: Widgets whose listeners need no signal, because they are on elements that are thrown away with them.
OWN_ELEMENTS = {
    "widgets/board-actions.js",
    "widgets/board-history.js",
    "widgets/board-panel.js",
    "widgets/dialog.js",
    "widgets/dom.js",
    "widgets/form.js",
    "widgets/publishing.js",
    "widgets/series-picker.js",
    "widgets/tile-inspector.js",
}


def read(module: str) -> str:
    return (SOURCES / module).read_text()


def code_of(text: str) -> str:
    """Return a source without its comments and the content of its strings."""
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', text)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"//.*", "", text)


def types_of(text: str) -> Iterator[str]:
    """Yield every type in the JSDoc comments of a source: what stands in braces after a tag."""
    for comment in re.findall(r"/\*\*.*?\*/", text, re.DOTALL):
        for tag in re.finditer(r"@(?:param|returns|type|typedef|property|template|extends)\s+\{", comment):
            depth, end = 1, tag.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(comment[end], 0)
                end += 1
            yield re.sub(r"\n\s*\*", "", comment[tag.end() : end - 1])


def functions_of(text: str) -> Iterator[tuple[str, int]]:
    """Yield name and length of each function and method that is not inside another one."""
    lines = text.split("\n")
    for start, line in enumerate(lines):
        head = re.match(r"( {0,2})(?:export )?(?:static )?(?:async )?(?:function )?(?:get |set )?(\w+)\(.*\{$", line)
        if head and head[2] not in {"if", "for", "while", "switch", "describe", "test"}:
            end = next(at for at in range(start, len(lines)) if lines[at].startswith(f"{head[1]}}}"))
            yield head[2], end - start + 1


def calls_of(text: str, name: str) -> Iterator[str]:
    """Yield the arguments of each call of a function, whose name is a pattern."""
    for found in re.finditer(rf"{name}\(", text):
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text[found.end() : end - 1]


def test_there_are_modules_and_each_is_in_a_layer() -> None:
    assert len(MODULES) > 60
    assert {module.split("/")[0] for module in MODULES} == set(LAYERS)


def test_imports_point_down_only() -> None:
    upward = []
    for module in MODULES:
        folder = (SOURCES / module).parent
        for target in re.findall(r'(?:from|import|import\() ?"(\.[^"]+)"', read(module)):
            imported = (folder / target).resolve()
            if not imported.exists():
                upward.append(f"{module} imports {target}, which does not exist")
            elif SOURCES in imported.parents:
                layer = imported.relative_to(SOURCES).parts[0]
                if LAYERS.index(layer) > LAYERS.index(module.split("/")[0]):
                    upward.append(f"{module} imports {target}")
    assert upward == []


@pytest.mark.parametrize(("folder", "names", "allowed"), FORBIDDEN)
def test_a_layer_uses_only_what_belongs_to_it(folder: str, names: str, allowed: tuple[str, ...]) -> None:
    used = [
        f"{module}: {found}"
        for module in MODULES
        if module.startswith(folder) and module not in allowed
        for found in re.findall(rf"(?<![\w$.])(?:globalThis\.)?(?:{names})\b|\.(?:{_MARKUP})\b", code_of(read(module)))
    ]
    assert used == []


def test_no_type_is_any() -> None:
    loose = [
        f"{module}: {kind}"
        for module in MODULES
        for kind in types_of(read(module))
        if re.search(r"\bany\b|\bFunction\b|\bObject\b|\*", kind)
    ]
    assert loose == []


def test_every_module_with_logic_has_a_test_of_its_name() -> None:
    untested, stale = [], []
    for module in MODULES:
        test = TESTS / f"{Path(module).stem}.test.js"
        if not test.exists():
            if module not in NO_UNIT_TEST:
                untested.append(f"{module} has no tests/js/{test.name}")
        elif f'/static/js/{module}"' not in test.read_text():
            untested.append(f"{test.name} does not import {module}")
        elif module in NO_UNIT_TEST:
            stale.append(f"{module} has a test now")
    stale += [f"{module} does not exist" for module in NO_UNIT_TEST if module not in MODULES]
    reasons = [reason for reason in NO_UNIT_TEST.values() if reason.startswith("tests/")]
    stale += [f"{reason} does not exist" for reason in set(reasons) if not (ROOT / reason).exists()]
    assert untested == []
    assert stale == []


def test_modules_and_functions_keep_to_their_size() -> None:
    lengths = {module: read(module).count("\n") for module in MODULES}
    too_long = [f"{module} ({length} lines)" for module, length in lengths.items() if length > LONGEST_MODULE]
    too_long += [
        f"{module} {name} ({length} lines)"
        for module in MODULES
        for name, length in functions_of(read(module))
        if length > LONGEST_FUNCTION
    ]
    assert too_long == []


def test_no_class_inherits_through_more_than_one_of_ours() -> None:
    parents: dict[str, str] = {}
    for module in MODULES:
        for name, parent in re.findall(r"^(?:export )?class (\w+)(?: extends (\w+))?", read(module), re.MULTILINE):
            assert name not in parents, f"two classes are called {name}"
            parents[name] = parent
    assert len(parents) > 30
    assert [name for name, parent in parents.items() if parents.get(parent) in parents] == []


def test_custom_elements_are_named_as_their_files() -> None:
    wrong = [
        f"{module} defines {name}"
        for module in MODULES
        for name in re.findall(r'customElements\.define\("([\w-]+)"', read(module))
        if name != Path(module).stem
    ]
    assert wrong == []


def test_listeners_of_widgets_end_with_their_element() -> None:
    endless = [
        f"{module}: addEventListener({arguments[:60]}"
        for module in MODULES
        if module.startswith("widgets/") and module not in OWN_ELEMENTS
        for arguments in calls_of(code_of(read(module)), r"(?<!signal\.)addEventListener")
        if "signal" not in arguments
    ]
    assert endless == []


def test_the_index_of_boards_asks_for_all_modules_of_its_first_picture_at_once() -> None:
    named = re.search(r"for module in \[(.*?)\]", (ROOT / "templates" / "boards.html").read_text())
    assert named
    needed, waiting = set[str](), ["pages/boards.js"]
    while waiting:
        module = waiting.pop()
        for path in re.findall(r'^import .*?"(\.[^"]+)";', read(module), re.MULTILINE):
            found = str((SOURCES / module).parent.joinpath(path).resolve().relative_to(SOURCES))
            if found not in needed:
                needed.add(found)
                waiting.append(found)
    assert set(re.findall(r'"([^"]+)"', named[1])) == needed
