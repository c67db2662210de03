"""Two people on two workers edit one board: no operation is lost, each is there once, undo is right, all see the same."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from dashboard.domain.board_changes import Change
from dashboard.domain.identity import Role
from tests.browser.pages import SOCKET_FAILED, Pages, until
from tests.browser.test_board_editor import TILE, make
from tests.support.board_model import BoardModel, Record, fields_of
from tests.support.cluster import Cluster
from tests.support.deadline import scaled
from tests.support.people import PASSWORD, make_users

#: Acts of the two together, about 15 s; nightly they go on for five minutes.
_ACTS, _LONG_S = 240, 300 if os.environ.get("NIGHTLY") else 0
#: The faults happen again after this many acts.
_ROUND = 400
#: Of the acts that the two choose from by chance, at least this many reach the store.
_STORED = 100


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Cluster]:
    data = tmp_path / "server" / "data"
    data.mkdir(parents=True)
    make_users(data, {"anna": Role.EDITOR, "ben": Role.EDITOR})
    with Cluster(tmp_path) as cluster:
        yield cluster


#: The page notes each request that edits, and how it was answered; status 0: it was not answered.
_NOTING = """{
    const ask = window.fetch;
    window.edits = [];
    window.fetch = async (path, options = {}) => {
        const isEdit = options.method === "POST" && /\\/(operations|undo)$/.test(String(path));
        const edit = isEdit ? { key: JSON.parse(options.body).key, isUndo: String(path).endsWith("undo"), status: 0 } : {};
        if (isEdit) window.edits.push(edit);
        const answer = await ask(path, options).finally(() => (edit.failed = true));
        edit.failed = false;
        if (isEdit) {
            if (answer.status === 200) edit.seq = (await answer.clone().json()).seq;
            edit.status = answer.status;
        }
        return answer;
    };
}"""


def log_in(pages: Pages, town: Cluster, worker: int, name: str) -> Page:
    target = "/boards/together/edit"
    url = f"http://127.0.0.1:{town.direct_ports[worker]}/login?next={target}"
    page = pages.open(url, wait=False, script=_NOTING)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")
    until(page, "() => document.querySelector('#state').textContent !== ''")
    return page


_EDIT = """([kind, n, seed]) => {
    const tiles = document.querySelector("dash-board").tiles;
    const tile = tiles[seed % Math.max(1, tiles.length)];
    const key = (name, more = {}) => tile?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));
    if (kind === "move") key(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"][n % 4]);
    else if (kind === "resize") key(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"][n % 4], { shiftKey: true });
    else if (kind === "title" && tile) { tile.focus(); const field = document.querySelector(`#field-${CSS.escape(tile.widget.id)}-title`);
        if (field) { field.value = `T${seed}`; field.dispatchEvent(new Event("change", { bubbles: true })); } }
    else if (kind === "add") document.querySelector("series-picker .kinds button").click();
    else if (kind === "undo") document.querySelector("#undo").click();
    else if (kind === "remove" && tiles.length > 3) { tile.focus(); document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete", bubbles: true })); }
}"""


_SETTLED = """() => document.body.dataset.connection === "open" && !/not sent/.test(document.querySelector("#state").textContent)
    && window.edits.every(({ key, status, failed, isUndo }) => status || failed && (isUndo || window.edits.some((each) => each.key === key && each.status)))"""
_SAME = """async () => {
    const placed = (widgets) => JSON.stringify(widgets.map((w) => [w.id, w.title, w.x, w.y, w.w, w.h]));
    const draft = await (await fetch("/api/v1/boards/together/draft")).json();
    return placed(draft.document.widgets) === placed(document.querySelector("dash-board").board.widgets);
}"""
_READ = """async () => {
    const read = async (path) => (await fetch(`/api/v1/boards/together${path}`)).json();
    const draft = await read("/draft");
    let stored = [];
    for (let before = draft.seq + 1; before > 1; before = stored[0].seq) {
        const { operations } = await read(`/operations?limit=500&before=${before}`);
        if (!operations.length) break;
        stored = [...operations, ...stored];
    }
    return { draft, stored, published: await read("") };
}"""


def act(editors: list[Page], town: Cluster, rng: random.Random) -> None:
    """Let the two act by chance, with a cut, a killed worker and a killed Redis between."""
    kinds = ["move", "resize", "title", "title", "add", "undo", "remove"]
    began, done = time.monotonic(), 0
    while done < _ACTS or time.monotonic() - began < _LONG_S:
        rng.choice(editors).evaluate(_EDIT, [rng.choice(kinds), rng.randrange(99), rng.randrange(9_999)])
        done += 1
        match done % _ROUND:
            case 40:
                editors[0].context.set_offline(True)
            case 60:
                editors[0].context.set_offline(False)
            case 90:
                town.signal_worker(2, signal.SIGKILL)
            case 120:
                town.redis.kill()
            case 140:
                town.redis.start()
            case 160:
                town.wait_ready()
        editors[0].wait_for_timeout(30)  # a person who acts faster than the server answers gains nothing


def check_stored(editors: list[Page], stored: list[dict[str, Any]]) -> None:
    """Assert that the store has each edit that was answered with success, once, and nothing that nobody sent."""
    keys = {(each["author"], each["key"]): each["seq"] for each in stored}
    assert [each["seq"] for each in stored] == list(range(1, len(stored) + 1))
    assert len(keys) == len(stored)
    for page, author in zip(editors, ("anna", "ben"), strict=True):
        edits = page.evaluate("window.edits")
        accepted = {each["key"]: each["seq"] for each in edits if each["status"] == 200}
        mine = {key: seq for (name, key), seq in keys.items() if name == author}
        assert accepted.items() <= mine.items(), "an edit that was accepted is not in the store"
        assert mine.keys() <= {each["key"] for each in edits}, "the store has an edit that nobody sent"
        refused = {each["key"] for each in edits if 400 <= each["status"] < 500 and each["status"] not in (401, 429)}
        operations = {each["key"] for each in edits if not each["isUndo"]}
        assert operations - refused - mine.keys() == set(), "an edit that waited was lost"
        assert not refused & mine.keys()


@pytest.mark.alone
def test_two_people_on_two_workers_edit_one_board_and_end_with_the_same_document(pages: Pages, town: Cluster) -> None:
    """Make random operations from a seed, with cuts and kills between. A model of the draft asserts each of the stored
    operations, and what each undo changed."""
    tiles = [TILE, {**TILE, "id": "b", "title": "B", "x": 4}, {**TILE, "id": "c", "title": "C", "x": 8}]
    make(town.server, "together", *tiles)
    pages.expect(SOCKET_FAILED, "Failed to load resource", "net::ERR")
    editors = [log_in(pages, town, worker, name) for worker, name in enumerate(("anna", "ben"))]
    act(editors, town, random.Random(19))
    town.wait_ready()
    for page in editors:
        page.wait_for_function(_SETTLED, timeout=scaled(60_000))
    for page in editors:
        page.wait_for_function(_SAME, timeout=scaled(30_000))
    final = editors[0].evaluate(_READ)
    assert final["draft"]["seq"] == final["draft"]["operations"] == len(final["stored"]) > _STORED
    check_stored(editors, final["stored"])
    model = BoardModel(final["published"])
    for each in final["stored"]:
        changes = msgspec.convert(each["changes"], tuple[Change, ...])
        model.take(Record(each["seq"], each["author"], changes, each.get("undoes", 0), each.get("again", False)))
    assert model.fields == fields_of(final["draft"]["document"])
    assert model.undone
