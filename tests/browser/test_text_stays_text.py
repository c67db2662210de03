"""Every text of a feeder or an address is shown as text on every page: never markup, never script, never part of a shell line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, board_url, build, until
from tests.browser.payloads import PAYLOADS
from tests.support.deadline import scaled
from tests.support.server import ServerProcess

#: A label's value may have 200 bytes, a unit 32.
LABELS = [payload for payload in PAYLOADS if len(payload.encode()) <= 200]
UNITS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '"><b>',
    "javascript:alert(1)",
    "{{7*7}}",
    "&lt;b&gt;",
]

#: Elements that only markup from a feeder could have made.
_FOREIGN = """() => [...document.querySelectorAll(
    "main :is(script, iframe, object, embed, img, style, form, video, audio, math, template, marquee), "
    + "dialog :is(script, img, iframe), body > :is(img, script), head base, meta[http-equiv]",
)].map((e) => e.outerHTML.slice(0, 200))"""


def _is_unharmed(page: Page) -> None:
    assert page.evaluate("window.__xss") == []
    assert page.evaluate(_FOREIGN) == []
    attributes = "[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.name))"
    assert [name for name in page.evaluate(attributes) if name.startswith("on")] == []
    assert page.evaluate("({}).polluted === undefined && Object.keys(Object.prototype).length === 0")


@pytest.fixture(scope="module")
def fed(site: ServerProcess) -> ServerProcess:
    """Start a server that was fed every payload in each place that takes text."""
    site.json(
        "POST", "/api/v1/samples", [{"series": "hostile", "labels": {"l": p}, "value": n} for n, p in enumerate(LABELS)]
    )
    for number, unit in enumerate(UNITS):
        site.post(f"hostile_unit_{number}", 5, unit=unit)
    polluting = {"__proto__": {"polluted": 1}, "constructor": PAYLOADS[1], PAYLOADS[0]: PAYLOADS[2]}
    bodies = {
        "text": {"text": "\n".join(PAYLOADS), "moreinfo": PAYLOADS[0]},
        "plain": "\n".join(PAYLOADS),
        "table": {
            "columns": [{"title": p, "unit": p} for p in PAYLOADS[:8]],
            "rows": [list(PAYLOADS[n : n + 8]) for n in range(0, 56, 8)],
        },
        "objects": {"columns": ["__proto__", "constructor", PAYLOADS[0]], "rows": [polluting]},
        "items": {"items": [{"label": p, "value": p, "state": p} for p in PAYLOADS]},
        "status": {"items": [{"label": p, "state": "critical"} for p in PAYLOADS]},
        "odd": {p: p for p in PAYLOADS},
    }
    for key, body in bodies.items():
        assert site.json("PUT", f"/api/v1/documents/hostile_{key}", body)[0] == 202
    return site


def test_there_are_payloads_enough() -> None:
    assert len(set(PAYLOADS)) >= 40
    assert len(LABELS) >= 40


def test_labels_units_and_documents_are_text_on_explore(pages: Pages, fed: ServerProcess) -> None:
    page = pages.open(f"{fed.url}/explore")
    page.get_by_role("searchbox").fill("hostile")
    expect(page.locator("#series tr")).to_have_count(len(LABELS) + len(UNITS))
    shown = page.locator("#series td.name").all_inner_texts()
    for payload in LABELS:
        escaped = payload.replace("\\", "\\\\").replace('"', '\\"')
        assert any(escaped in text for text in shown), payload
    units = page.locator("#series td.value").all_text_contents()
    assert all(any(unit in text for text in units) for unit in UNITS)
    expect(page.locator("#documents tr")).to_have_count(7)
    _is_unharmed(page)


def test_labels_and_documents_are_text_in_every_kind_of_tile(pages: Pages, fed: ServerProcess) -> None:
    page = pages.open(board_url(fed.url, "hostile", '{__name__=~"hostile_.+"}'))
    until(page, "() => document.querySelector('dash-board').store.series.size > 40")
    common = {"unit": PAYLOADS[0], "note": PAYLOADS[5], "w": 1, "h": 1}
    kinds = [
        {**common, "kind": kind, "title": PAYLOADS[n], "series": ["hostile"], "place": 0}
        for n, kind in enumerate(("line", "bar", "status", "stat", "gauge", "text"))
    ]
    documents = ("text", "plain", "table", "objects", "items", "status", "odd")
    tiles = [
        {**common, "kind": kind, "title": key, "document": f"hostile_{key}"}
        for key in documents
        for kind in ("text", "table", "status")
    ]
    build(page, *kinds, *tiles, columns=6, rows=5)
    until(page, "() => document.querySelectorAll('.tile').length === 27 && document.querySelector('.status .cell')")
    until(
        page,
        "(all) => all.every((text) => document.querySelector('dash-board').textContent.includes(text))",
        list(PAYLOADS),
    )
    _is_unharmed(page)
    box = page.locator(".line .u-over").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # the values under the pointer
    _is_unharmed(page)


def test_a_tiles_line_is_safe_in_a_shell_and_feeds_the_very_series(
    pages: Pages, fed: ServerProcess, tmp_path: Path
) -> None:
    page = pages.open(board_url(fed.url, "hostile", "hostile_text", "hostile_odd"))
    until(page, "() => document.querySelector('dash-board').store.series.size > 40")
    lines: list[str] = page.evaluate(
        """async () => {
            const script = document.querySelector("script[type=module]").src;
            const { curlForSeries, curlForDocument } = await import(script.replace("pages/board.js", "widgets/snippet.js"));
            const { store } = document.querySelector("dash-board");
            return [...[...store.series.values()].map((s) => curlForSeries(s, 4321, location.origin)),
                    ...[...store.documents.values()].map((d) => curlForDocument(d.key, d.body, location.origin))];
        }"""
    )
    assert len(lines) > 40
    script = "\n".join(f"{line} -sS --fail-with-body" for line in lines)
    done = subprocess.run(
        ["/bin/sh", "-e"], input=script, text=True, cwd=tmp_path, capture_output=True, timeout=scaled(60)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
    until(page, "() => [...document.querySelector('dash-board').store.series.values()].every((s) => s.value === 4321)")
    page.locator(".tile").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog pre")).to_contain_text("curl ")
    _is_unharmed(page)


def test_an_address_is_text_wherever_it_is_shown(pages: Pages, fed: ServerProcess) -> None:
    pages.expect("status of 400", "status of 404")
    page = pages.open(fed.url)
    for number, payload in enumerate(PAYLOADS):
        quoted = json.dumps(payload, ensure_ascii=False).replace("'", "\\'")
        selector = f"hostile{{l={quoted}}}" if number % 2 else payload
        page.goto(f"{fed.url}/board?series={quote(selector)}", wait_until="domcontentloaded")
        assert page.evaluate("document.body.textContent.length") > 10
        if page.locator("dash-board").count():
            assert selector in page.locator("h1").inner_text()
            expect(page.locator(".tile h2").first).to_have_text(selector)
        _is_unharmed(page)
    for payload in PAYLOADS[::8]:
        for address in (f"/{quote(payload)}?{quote(payload)}#{quote(payload)}", f"/board?#series={quote(payload)}"):
            page.goto(fed.url + address)
            _is_unharmed(page)
    page.goto(f"{fed.url}/?theme={quote(PAYLOADS[0])}&window={quote(PAYLOADS[1])}")
    _is_unharmed(page)


def test_the_search_takes_anything(pages: Pages, fed: ServerProcess) -> None:
    page = pages.open(f"{fed.url}/explore")
    box = page.get_by_role("searchbox")
    for payload in PAYLOADS:
        box.fill(payload)
    box.fill("hostile_unit")
    expect(page.locator("#series tr")).to_have_count(len(UNITS))
    _is_unharmed(page)


def test_names_that_the_grammar_does_not_allow_never_get_in(fed: ServerProcess) -> None:
    for payload in PAYLOADS:
        if payload in ("__proto__", "constructor"):
            continue
        status, answer = fed.json("POST", "/api/v1/samples", {"series": payload, "value": 1})
        assert (status, answer["code"]) == (400, "invalid"), payload
        status, _, _ = fed.request("PUT", f"/api/v1/documents/{quote(payload, safe='')}", "1")
        assert status == 400, payload


def test_names_of_javascripts_own_are_names_like_any_other(pages: Pages, server: ServerProcess) -> None:
    names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]
    for number, name in enumerate(names):
        server.post(name, number, labels={"constructor": "toString", "valueOf": name})
        server.json("PUT", f"/api/v1/documents/{name}", {"items": [{"label": name, "state": "ok"}]})
    page = pages.open(f"{server.url}/explore")
    expect(page.locator("#series tr")).to_have_count(len(names))
    expect(page.locator("#documents tr")).to_have_count(len(names))
    _is_unharmed(page)
    board = pages.open(board_url(server.url, '{__name__=~".+"}'))
    build(board, *({"kind": "status", "title": name, "document": name} for name in names))
    expect(board.locator(".status .cell[data-state=ok]")).to_have_count(len(names))
    _is_unharmed(board)
