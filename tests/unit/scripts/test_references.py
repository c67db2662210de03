from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.checks.references import in_docstring, in_document, missing_names
from scripts.checks.vocabulary import (
    Vocabulary,
    anchors_of,
    read_commands,
    read_files,
    read_members,
    read_variables,
    read_words,
)
from tests.unit.scripts.sources import package, write

CODE = '''
    """Names ``gone_word`` and dashboard/gone.py."""
    class Base:
        def shared(self): ...
    class Node(Base):
        def __init__(self, every_s): self.beat = every_s
    class Foreign(ValueError): ...
    EVENT = "said by users"
'''


@pytest.fixture
def names(tmp_path: Path) -> Vocabulary:
    empty = dict.fromkeys(("dashboard/__init__.py", "dashboard/hub/__init__.py", "docs/protocol.md", "README.md"), "")
    modules = package(tmp_path, {**empty, "dashboard/hub/node.py": CODE})
    return Vocabulary(
        files=read_files(tmp_path),
        commands={
            "": frozenset({"--help"}),
            "serve": frozenset({"--port", "--help"}),
            "user": frozenset(),
            "user add": frozenset({"--role"}),
        },
        script_flags=frozenset({"--redis"}),
        variables=frozenset({"DASHBOARD_PORT"}),
        members=read_members(modules),
        words=read_words(modules),
    )


@pytest.mark.parametrize(
    "text",
    [
        "`dashboard/hub/node.py`, dashboard/hub/, dashboard/*/node.py and `node.py`, `hub/node.py`.",
        "[The protocol](protocol.md#one), [README](../README.md), [elsewhere](https://host/docs/none.md), /docs/none",
        "`DASHBOARD_PORT=1`, `DASHBOARD_…`, `--port`, `--redis`",
        "`dashboard serve --port 1`, `python -m dashboard serve`, `dashboard user add ann --role=admin`, `dashboard …`",
        "`dashboard.hub.node.Node.beat`, `Node.shared()`, `Foreign.args`, `Content-Type`, `Node`",
        "```sh\ncurl --data 1 url  # a dashboard nobody knows\n.venv/bin/dashboard user add -- --any\n```",
        "docs/{one,two}.md and scripts/<name>",
    ],
)
def test_what_exists_is_taken(text: str, names: Vocabulary) -> None:
    assert list(in_document(text, "docs/new.md", names)) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("`dashboard/hub/gone.py`", "dashboard/hub/gone.py"),
        ("see tests/unit/*/test_gone.py.", "tests/unit/*/test_gone.py"),
        ("`gone.py`", "gone.py"),
        ("[x](gone.md#top)", "gone.md"),
        ("DASHBOARD_GONE", "DASHBOARD_GONE"),
        ("`--gone`", "--gone"),
        ("`dashboard gone`", "dashboard gone"),
        ("`dashboard user gone ann`", "dashboard user gone"),
        ("`dashboard serve --role x`", "dashboard serve --role"),
        ("```sh\ndashboard serve --gone | cat --any\n```", "dashboard serve --gone"),
        ("`dashboard.hub.gone`", "dashboard.hub.gone"),
        ("`Node.gone`", "Node.gone"),
        ("`GoneClass`", "GoneClass"),
    ],
)
def test_what_does_not_exist_is_found(text: str, missing: str, names: Vocabulary) -> None:
    assert [name for _, name in in_document(f"\n{text}\n", "docs/new.md", names)] == [missing]


def test_docstrings_may_name_words_of_the_code_only(names: Vocabulary) -> None:
    assert list(in_docstring("Take ``every_s``, ``users`` and ``shared()``; --port", names)) == []
    assert list(in_docstring("Take ``each_s``, ``told()``; --gone", names)) == ["--gone", "each_s", "told()"]


def test_the_place_of_a_missing_name_is_told(tmp_path: Path, names: Vocabulary) -> None:
    write(tmp_path, {"README.md": "# One\n\n`GoneClass`\n"})
    modules = package(tmp_path, {"dashboard/hub/node.py": CODE})
    assert [(name, str(place)) for name, place in missing_names(tmp_path, modules, names)] == [
        ("GoneClass", "README.md:3 GoneClass"),
        ("dashboard/gone.py", "dashboard/hub/node.py:1 dashboard/gone.py (in dashboard.hub.node)"),
        ("gone_word", "dashboard/hub/node.py:1 gone_word (in dashboard.hub.node)"),
    ]
    assert len(missing_names(tmp_path, modules, replace(names, words=names.words | {"gone_word"}))) == 2


def test_commands_and_variables_are_those_of_the_program() -> None:
    commands = read_commands()
    assert {"", "serve", "user", "user add"} <= set(commands)
    assert {"--port", "--no-compression", "--help"} <= commands["serve"]
    assert {"DASHBOARD_PORT", "DASHBOARD_TOKEN"} <= read_variables()


def test_words_metrics_routes_and_headings_of_documents_are_looked_up(names: Vocabulary) -> None:
    words = names.words | {"beat_hz", "frames_sent", "source"}
    parts = frozenset({"_series_limit", "source_bytes_"})
    routes = tuple(map(re.compile, ("/api/v1/samples", "/api/v1/samples/.+")))
    anchors = {
        "docs/protocol.md": anchors_of("# A `b_c`: d!\n```\n# none\n```\n## One\n## One\n"),
        "README.md": frozenset(),
    }
    known = replace(names, words=words, parts=parts, tools=frozenset({"own_tool"}), routes=routes, anchors=anchors)
    text = (
        "`beat_hz`, `dashboard_frames_sent_total`, `source_series_limit`, `source_bytes_read`, `POST /api/v1/samples/{name}`, "
        "`/etc/none`, [a](#a-b_c-d), [one](protocol.md#one-1)"
    )
    assert [*in_document(text.replace("read", "source"), "docs/protocol.md", known)] == []
    assert [*in_document("`own_tool`", "docs/development.md", known)] == []
    wrong = "`no_such_setting`, `own_tool`, "
    wrong += " `source_limit`, `dashboard_none_total`, `GET /none`, `/api/v1/none`, [a](#none), [b](../README.md#c)"
    assert [name for _, name in in_document(wrong, "docs/protocol.md", known)] == [
        "#none", "../README.md#c", "no_such_setting", "own_tool", "source_limit", "dashboard_none_total", "GET /none", "/api/v1/none",
    ]  # fmt: skip
