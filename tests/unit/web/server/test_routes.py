"""Paths of routes as patterns, and methods of handlers."""

from __future__ import annotations

import re

import pytest
from tornado.web import RequestHandler

from dashboard.web.server.routes import methods_of, pattern_of


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/boards/{board}", "/boards/host-1", ("host-1",)),
        ("/boards/{board}", "/boards/a/b", None),
        ("/boards/{board}", "/boards/a.b", None),
        ("/api/v1/samples/{name}", "/api/v1/samples/a/b", ("a/b",)),
        ("/metrics/{group}", "/metrics/job/a/instance/b", ("job/a/instance/b",)),
        ("/metrics/{group}", "/metrics/other", None),
        ("/a.b/{number}", "/a.b/17", ("17",)),
        ("/a.b/{number}", "/axb/17", None),
        ("/x/{other}", "/x/any-thing", ("any-thing",)),
    ],
)
def test_a_template_matches_its_paths_only(template: str, path: str, values: tuple[str, ...] | None) -> None:
    found = re.fullmatch(pattern_of(template), path)
    assert (found.groups() if found else None) == values


def test_the_methods_are_those_that_a_handler_defines() -> None:
    class Some(RequestHandler):
        def get(self) -> None: ...
        def delete(self) -> None: ...
        def head(self) -> None: ...

    assert methods_of(Some) == ["GET", "DELETE"]
