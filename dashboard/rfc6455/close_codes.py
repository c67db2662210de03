"""Close codes. The range tells clients what to do: 4000-4499: connect again and resume; 4500-4999: do not connect again."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """Close codes of RFC 6455 section 7.4.1 and this server's own."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005  # never on the wire: the peer's close frame was empty
    ABNORMAL = 1006  # never on the wire: the connection was lost
    INVALID_DATA = 1007
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    TRY_LATER = 1013

    DRAIN = 4001
    SLOW = 4002
    POSITION_LOST = 4003
    NO_PONG = 4004
    TOKEN_EXPIRED = 4005
    RATE_LIMIT = 4006
    OVERLOADED = 4007

    BAD_TOKEN = 4500
    BAD_REQUEST = 4501
    NO_HELLO = 4502
    REVOKED = 4503
    TOO_MANY_CONNECTIONS = 4504
    TOO_MANY_SUBSCRIPTIONS = 4505
    PAGE_TOO_OLD = 4506
    FORBIDDEN = 4507


def is_final(code: int) -> bool:
    """Return whether a client that gets this code must not connect again."""
    return 4500 <= code <= 4999


def may_be_received(code: int) -> bool:
    """Return whether a peer may send ``code`` in a close frame (RFC 6455 section 7.4.2 and the IANA registry)."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))
