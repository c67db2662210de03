"""Rules for the modules under static/js that neither tsc nor node checks: layers, sizes, types, and what each layer may use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "static" / "js"
#: From the ground up: a module imports from its own layer and from those before it, also for types alone.
LAYERS = ("client", "data", "draw", "widgets", "pages")
MODULES = sorted(path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.js"))

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

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
