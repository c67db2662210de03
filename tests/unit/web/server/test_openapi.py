"""Description of the routes: its parts from docstrings."""

from __future__ import annotations

import json

from tornado.web import RequestHandler

from dashboard.web.server.openapi import describe_routes
from dashboard.web.server.route import Route


class Wrapped(RequestHandler):
    """``GET /example``: a summary that is long enough to be wrapped
    over two lines.

    A second paragraph.
    """

    def initialize(self, context: object, services: object, template: str = "") -> None:
        del context, services, template

    def get(self) -> None:
        self.finish()


def test_a_summary_is_the_whole_first_paragraph_of_the_docstring() -> None:
    described = json.loads(describe_routes([Route("/example", Wrapped, None)], {}))
    summary = described["paths"]["/example"]["get"]["summary"]
    assert summary == "`GET /example`: a summary that is long enough to be wrapped over two lines."
