"""Listening sockets of the HTTP server, its TLS context, and the number of sockets that the process may open."""

from __future__ import annotations

import resource
import socket
import ssl

from tornado.netutil import bind_sockets

from dashboard.domain.errors import ConfigurationError
from dashboard.settings import Settings

#: Handshakes that the kernel queues; beyond it new connections are dropped or delayed.
BACKLOG = 4_096
#: File descriptors besides those of WebSockets and of idle HTTP connections: requests, databases, Redis, sources.
_OTHER_DESCRIPTORS = 1_024


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


def node_tls_of(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS context for connections to the other processes, which have the same certificate; None for plain HTTP."""
    if not settings.tls_certificate:
        return None
    context = ssl.create_default_context(cafile=settings.tls_certificate)
    context.check_hostname = False  # they are reached by address; the certificate itself is the proof
    return context


def raise_descriptor_limit(settings: Settings) -> str:
    """Raise this process' limit of open files to the number that its connections need.

    Return a message if that is not possible, else an empty string.
    """
    needed = settings.max_connections + settings.max_idle_connections + _OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed == needed:
        return ""
    return (
        f"max_connections = {settings.max_connections} needs {needed} open files and this process may have {allowed}; "
        "allow more (ulimit -Hn, LimitNOFILE=), or set max_connections lower"
    )
