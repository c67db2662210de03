"""Recognition of other protocols by the first bytes of a connection, so that a refusal can say what to change.

Source: OpenTSDB's and carbon's lines; RFC 8446, section 5.1 (TLS); MQTT 3.1.1, section 3.1; HAProxy's "The PROXY protocol".
"""

from __future__ import annotations

import re

#: Reason for a connection of an unknown protocol.
NOT_HTTP = "this is not HTTP/1.1; check Content-Length, chunks and header lines"
_TLS = (
    "this is TLS, and the port takes plain HTTP; write http:// instead of https://, or give this server a certificate"
)
_TELNET = "this is OpenTSDB's telnet form; send it to the listener opentsdb of the file of sources, or JSON to /api/put"
_GRAPHITE = "this is a Graphite line; send it to the listener graphite of the file of sources"
_STATSD = "this is a StatsD line; send it to the listener statsd of the file of sources"
_MQTT = "this is MQTT; let the sender publish to a broker, and name the broker under mqtt in the file of sources"
_PROXY = "the PROXY protocol is not taken; switch it off in the load balancer, which can send X-Forwarded-For"
_PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n"
_PROTOCOLS = (
    (re.compile(rb"\x16\x03[\x00-\x04]"), _TLS),
    (re.compile(rb"(?:put|version|stats|help|exit)[ \r\n]"), _TELNET),
    (re.compile(rb"\x10.{1,4}\x00[\x04\x06]MQ", re.DOTALL), _MQTT),
    (re.compile(rb"PROXY (?:TCP|UDP|UNKNOWN)|" + re.escape(_PROXY_2)), _PROXY),
    (re.compile(rb"[^\s:|]+:[^\s|]*\|[a-z]"), _STATSD),
    (re.compile(rb"[^\s]+[ \t]+[-+.\d]\S*(?:[ \t]+-?\d[\d.]*)?[ \t\r]*\n"), _GRAPHITE),
)
_BEGINS = re.compile(rb"[A-Z\r\n]")


def reason_against(begun: bytes) -> str:
    """Return the reason for refusing a connection that does not begin with an HTTP/1.1 request, and what to do instead."""
    return next((reason for pattern, reason in _PROTOCOLS if pattern.match(begun)), NOT_HTTP)


def is_no_http(first: bytes) -> bool:
    """Return whether no HTTP request can begin with this byte: methods are in capital letters, and empty lines may
    precede them."""
    return _BEGINS.match(first) is None
