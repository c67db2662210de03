"""Redirects of a scrape: which are followed, and which are a fault."""

from __future__ import annotations

import pytest
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders

from dashboard.feeders.scrape import redirect_to
from dashboard.feeders.source_state import SourceFault

URL = "http://app:8080/metrics"


def answer(location: str) -> HTTPResponse:
    return HTTPResponse(HTTPRequest(URL), 307, headers=HTTPHeaders({"Location": location}))


@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("/metrics/", "http://app:8080/metrics/"),
        ("http://app:8080/actuator/prometheus?a=b", "http://app:8080/actuator/prometheus?a=b"),
        ("https://app:8443/metrics", "https://app:8443/metrics"),
        ("//app:8080/m", "http://app:8080/m"),
    ],
)
def test_a_redirect_on_the_same_host_is_followed(location: str, to: str) -> None:
    assert redirect_to(URL, answer(location)) == to


def test_a_default_port_may_be_written() -> None:
    assert redirect_to("http://app/metrics", answer("http://app:80/metrics/")) == "http://app:80/metrics/"
    assert redirect_to("https://app:443/metrics", answer("https://app/metrics/")) == "https://app/metrics/"


@pytest.mark.parametrize(
    "location", ["", "http://other:8080/metrics", "http://app:1/metrics", "ftp://app:8080/", URL, "http://[bad", "//x"]
)
def test_no_other_redirect_is_followed(location: str) -> None:
    with pytest.raises(SourceFault, match="only redirects on the same host and port"):
        redirect_to(URL, answer(location))


def test_a_redirect_never_leaves_encryption() -> None:
    with pytest.raises(SourceFault):
        redirect_to("https://app/metrics", answer("http://app/metrics"))
