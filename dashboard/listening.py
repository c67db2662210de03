"""Listening sockets and the TLS context of the HTTP server."""

from __future__ import annotations

import socket
import ssl

from tornado.netutil import bind_sockets

from dashboard.domain.errors import ConfigurationError
from dashboard.settings import Settings

#: Handshakes that the kernel queues; beyond it new connections are dropped or delayed.
BACKLOG = 4_096


def bind(settings: Settings) -> list[socket.socket]:
    """Return the listening sockets; raises ConfigurationError."""
    try:
        return bind_sockets(settings.port, settings.host, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(
            f"cannot listen on {settings.host}:{settings.port}: {reason}; choose another --port"
        ) from None


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS context, None for plain HTTP; raises ConfigurationError."""
    if not settings.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"tls_certificate, tls_key: cannot be loaded: {error}") from None
    return context
