"""The files for old browsers contain nothing that Chromium 79 lacks: a Chromium 79 and the present Chromium are asked."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.old_chromium import OldChromium
from tests.support.server import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
#: All names of the browser's objects and their prototypes, two deep from the global object.
_NAMES = """(() => {
    const names = new Set();
    const own = (object) => { for (const name of Object.getOwnPropertyNames(object)) names.add(name); };
    const globals = [];
    for (let object = globalThis; object; object = Object.getPrototypeOf(object)) globals.push(...Object.getOwnPropertyNames(object));
    for (const name of globals) {
        names.add(name);
        let value;
        try { value = globalThis[name]; } catch { continue; }
        if (typeof value !== "object" && typeof value !== "function" || value === null) continue;
        own(value);
        if (value.prototype && typeof value.prototype === "object") own(value.prototype);
    }
    own(Object.getPrototypeOf([][Symbol.iterator]()));
    for (const name in document.documentElement.style) names.add(name); // own names of elements' styles, not of prototypes, before
    return [...names];
})()"""
#: What our sources and uPlot's call so themselves: methods, fields, properties of objects and of types.
_OWN = re.compile(
    r"this\.(\w+) =|^\s+(?:async |get |set )?(\w+)\(.*\{$|\b(\w+)\??:|^\s+(\w+),$|[{,] (\w+)(?= [,}])", re.MULTILINE
)
#: Names of the browser that are asked for before they are used, or whose absence does no harm.
_HARMLESS = {
    "inert": "what an open panel covers on a phone; without it the page behind can be reached by keyboard",
    "cap": "uPlot's own",
    "deleted": "our own",
    "radius": "uPlot's own",
}
#: What CSS may hold that Chromium 79 passes over, to no harm.
_PASSED_OVER = {
    "background: lab(0% 0 0/.5)": "a simple colour stands before it",
    "color-scheme: dark": "scroll bars stay light",
    "color-scheme: light": "scroll bars stay light",
    "container-type: size": "its units are set by the tile (static/js/widgets/tile.js)",
    "forced-color-adjust: none": "its query never holds there",
    "field-sizing: content": "a field of messages keeps its height",
    "overflow-wrap: anywhere": "scripts/bundles/old.css breaks words in another way",
    "scrollbar-color: var(--line) transparent": "scroll bars stay as the system has them",
    "scrollbar-width: thin": "scroll bars stay as the system has them",
    "text-underline-offset: .2em": "underlines stand nearer",
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldChromium]:
    with OldChromium(79, tmp_path_factory.mktemp("old") / "profile") as browser:
        yield browser


def test_no_method_is_missing(old: OldChromium, browser: Browser, server: ServerProcess) -> None:
    old.open(f"{server.url}/board?series=a")
    old.until("document.body.dataset.connection === 'open'")  # its additions to the browser have run
    known = set(old.evaluate(_NAMES))
    page = browser.new_page()
    page.goto(f"{server.url}/favicon.ico")
    newer = set(page.evaluate(_NAMES)) - known
    page.close()
    assert {"structuredClone", "toSorted"} <= newer
    text = (VENDOR / "old.js").read_text()
    used = set(re.findall(r"(?<=\.)[A-Za-z_$][\w$]*", text)) | set(re.findall(r"\bnew ([A-Z]\w*)", text))
    sources = [
        *(ROOT / "static" / "js").rglob("*.js"),
        *(ROOT / "build" / "npm" / "node_modules" / "uplot").rglob("uPlot.esm.js"),
    ]
    own = {name for path in sources for names in _OWN.findall(path.read_text()) for name in names}
    assert sorted((used & newer) - own - _HARMLESS.keys()) == []


def _declarations(css: str) -> list[tuple[str, str]]:
    blocks = re.findall(r"\{([^{}]*)\}", re.sub(r"@font-face\{[^}]*\}", "", css))
    pairs = [part.partition(":")[::2] for block in blocks for part in block.split(";") if ":" in part]
    return sorted({(name, value.removesuffix("!important")) for name, value in pairs if not name.startswith("--")})


def test_no_declaration_selector_or_unit_is_missing(old: OldChromium) -> None:
    css = (VENDOR / "old.css").read_text()
    css = re.sub(r"@supports \((?:color|height):[^{]*\{(?:[^{}]*\{[^{}]*\})*\}", "", css)  # asked for before it is used
    pairs = _declarations(css)
    unknown = old.evaluate(f"{json.dumps(pairs)}.filter(([name, value]) => !CSS.supports(name, value))")
    assert [f"{name}: {value}" for name, value in unknown if f"{name}: {value}" not in _PASSED_OVER] == []
    used = re.sub(r"var\(--cq[bi],1cq[bi]\)|url\([^)]*\)|#[\da-f]+", "", css)
    units = sorted(set(re.findall(r"(?<![\w#.-])\d*\.?\d+([a-z]+)\b", used)))
    assert "vh" in units
    assert old.evaluate(
        f"{json.dumps(units)}.filter((u) => ![`1${{u}}`].some((v) => CSS.supports('width', v) || "
        "CSS.supports('transition-duration', v) || CSS.supports('transform', `rotate(${v})`)))"
    ) == ["fr"]
    groups = re.findall(r"([^{}@;]+)\{", re.sub(r"@(?:media|supports)[^{]*\{", "", css))
    refused = set(
        old.evaluate(
            f"{json.dumps(sorted(groups))}.filter((s) => {{ try {{ document.querySelector(s); }} catch {{ return true; }} }})"
        )
    )
    assert [
        each for each in refused if not all(":focus-visible" in one for one in each.split(","))
    ] == []  # outlines are the browser's own


def test_an_old_browser_loads_at_most_half_as_much_again_as_a_modern_one() -> None:
    modules, found = set[Path](), [ROOT / "static" / "js" / "pages" / "board.js"]
    while found:
        module = found.pop()
        if module not in modules:
            modules.add(module)
            names = re.findall(r'^(?:import|export)\b[^"\n]*"(\.[^"]+)"', module.read_text(), re.MULTILINE)
            found.extend((module.parent / name).resolve() for name in names)
    assert 60 < len(modules) <= 71, "with page, sheet, face and icon more than 75 requests: load rare ones by import()"
    styles = [ROOT / "static" / name for name in ("css/tokens.css", "css/base.css", "css/tiles.css", "css/panel.css")]
    modern = _compressed(*modules, *styles, VENDOR / "uplot.css")
    assert _compressed(VENDOR / "old.js", VENDOR / "old.css") <= 1.5 * modern


def _compressed(*files: Path) -> int:
    return sum(len(gzip.compress(file.read_bytes())) for file in files)
