"""Requests as Tornado gives them to the application, without a connection."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine


def asked(uri: str = "/", method: str = "GET", ip: str = "127.0.0.1", **headers: str) -> HTTPServerRequest:
    """Return a request by HTTP. In names of headers, ``_`` stands for ``-``."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    made = HTTPServerRequest(
        start_line=RequestStartLine(method, uri, "HTTP/1.1"), headers=HTTPHeaders({"Host": "localhost:8888"} | given)
    )
    made.remote_ip, made.protocol = ip, "http"
    return made
