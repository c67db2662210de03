"""Every setting in one table: name, default, meaning. ``settings_loading.py`` collects their values.

``dashboard check`` prints the table with the source of each value; docs/operations.md shows it, and a test compares them.
"""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from dashboard.domain.series import CEILING

T = TypeVar("T")

ENVIRONMENT_PREFIX = "DASHBOARD_"
#: Variables with the prefix that are not settings of the server.
OTHER_VARIABLES = frozenset({"DASHBOARD_CONFIG", "DASHBOARD_TOKEN", "DASHBOARD_URL", "DASHBOARD_WORKER"})


def _setting(default: T, meaning: str, *, least: float | None = None, most: float = math.inf) -> T:
    return field(default=default, metadata={"help": meaning, "least": least, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Values of all settings, valid once built by ``settings_loading.load``. Units are in the names."""

    host: str = _setting(
        "127.0.0.1",
        "address to listen on; an address that others can reach also needs secret, allowed_hosts, and TLS or proxies",
    )
    port: int = _setting(8888, "port to listen on; 0: any free port", least=0)
    data: str = _setting(
        ".data", "folder for the journal and the history, relative to the current folder; created if missing"
    )
    boards: str = _setting("", "folder of board files (YAML), watched; empty: boards in the data folder")
    home_board: str = _setting("host", "board at the address /, unless a user has chosen another one on /boards")
    allowed_hosts: tuple[str, ...] = _setting(
        (), "host names, besides localhost, by which requests may address this server"
    )
    trusted_origins: tuple[str, ...] = _setting(
        (), "other origins whose pages may use this server, as scheme://host:port"
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "lowest level of log records shown")
    log_format: Literal["text", "json"] = _setting("text", "log as text, or as JSON lines")

    login: Literal["auto", "required"] = _setting(
        "auto",
        "auto: on a loopback address the person at the machine is operator without a login; required: everybody logs in",
    )
    secret: str = _setting(
        "",
        "key that signs sessions and links, at least 32 bytes; empty, on a loopback address: created in the data folder",
    )
    public_url: str = _setting(
        "", "address by which others reach this server, https://name; used in links that are printed or sent"
    )
    proxies: tuple[str, ...] = _setting(
        (), "addresses of reverse proxies that end TLS; their X-Forwarded-For and X-Forwarded-Proto are trusted"
    )
    tls_certificate: str = _setting("", "file with the certificate chain (PEM), to serve https")
    tls_key: str = _setting("", "file with the certificate's key (PEM)")
    store: str = _setting(
        "", "database of users and messages, postgresql://user:password@host/name; empty: SQLite in the data folder"
    )
    session_days: float = _setting(14, "days that a login lasts; renewed when half of them have passed", least=0.001)
    message_days: int = _setting(365, "days that messages are kept; unread notifications are kept until read", least=1)
    audit_days: int = _setting(730, "days that the audit log is kept", least=1)
    public_boards: tuple[str, ...] = _setting((), "boards that anybody may see without a login")
    private_boards: tuple[str, ...] = _setting((), "boards that only operators and users with a grant may see")
    max_user_connections: int = _setting(20, "WebSocket connections that one user may have", least=1)
    chat_per_s: float = _setting(1, "messages per second that a user may write", least=0.01)
    chat_burst: float = _setting(5, "messages that a user may write at once", least=1)
    webhooks: tuple[str, ...] = _setting((), "addresses to which notifications are posted, signed")
    webhook_secret: str = _setting("", "key that signs webhook requests, at least 32 bytes")
    oidc_issuer: str = _setting("", "address of the OpenID provider for logins; needs the extra [oidc]")
    oidc_client_id: str = _setting("", "this server's client id at the OpenID provider")
    oidc_client_secret: str = _setting("", "this server's client secret at the OpenID provider")
    oidc_role: Literal["none", "viewer", "editor", "operator"] = _setting(
        "viewer", "role of users who log in by OpenID for the first time; none: new users are refused"
    )

    journal: Literal["sqlite", "memory"] = _setting(
        "sqlite", "where the journal is kept; memory: lost when the server stops"
    )
    journal_window_s: int = _setting(900, "seconds that entries are kept for replay", least=10)
    journal_max_mib: int = _setting(256, "size that the journal may have, MiB", least=1)
    checkpoint_s: int = _setting(
        300, "seconds between two checkpoints of the history; at most a third of journal_window_s", least=1
    )

    redis: str = _setting(
        "",
        "Redis that holds the journal of several processes: redis://[user:password@]host[:port][/db], rediss://, unix://, "
        "redis+sentinel://, redis+cluster://",
    )
    redis_prefix: str = _setting("dashboard", "prefix of this server's keys in Redis")
    redis_timeout_s: float = _setting(2, "seconds to wait for an answer of Redis", least=0.1)
    append_wait_s: float = _setting(5, "seconds that a request waits while Redis is away, before it gets 503", least=0)
    append_wait_mib: int = _setting(8, "size of the entries that may wait for Redis, MiB", least=1)
    partitions: int = _setting(1, "number of partitions of the journal in Redis; the same for all processes", least=1)
    workers: int = _setting(1, "number of processes that serve; more than one needs redis", least=1)
    direct_port: int = _setting(
        0, "port that reaches only worker 1; worker 2 has the next port, and so on; 0: no such ports", least=0
    )
    node_host: str = _setting(
        "",
        "address by which other machines reach this one; with direct_port they forward requests of Socket.IO sessions here",
    )
    node_name: str = _setting("", "name of this process; workers add /NUMBER; empty: the machine's name")
    watchdog_s: float = _setting(
        10, "seconds after which a worker whose event loop does not run is replaced", least=0.5
    )

    raw_window_s: int = _setting(900, "seconds that every single value is kept", least=10)
    raw_max_samples: int = _setting(10_000, "single values kept per series at most, whatever its rate", least=100)
    fine_step_s: int = _setting(10, "seconds in a fine bucket (min, mean, max)", least=1)
    fine_window_s: int = _setting(21_600, "seconds that fine buckets are kept", least=10)
    coarse_step_s: int = _setting(60, "seconds in a coarse bucket; a multiple of fine_step_s", least=1)
    coarse_window_s: int = _setting(
        172_800, "seconds that coarse buckets, and series without new samples, are kept", least=60
    )
    max_series: int = _setting(10_000, "number of series that the server keeps at most", least=1)
    max_series_name_bytes: int = _setting(512, "size of a series' name", least=1, most=CEILING.name_bytes)
    max_labels: int = _setting(64, "number of labels of one series", least=1, most=CEILING.labels)
    max_label_name_bytes: int = _setting(256, "size of a label's name", least=1, most=CEILING.label_name_bytes)
    max_label_value_bytes: int = _setting(4_096, "size of a label's value", least=1, most=CEILING.label_value_bytes)
    max_series_bytes: int = _setting(
        16_384, "size of a series' name with all its labels", least=64, most=CEILING.text_bytes
    )
    max_query_samples: int = _setting(50_000_000, "samples that one query of expressions may touch", least=1)
    query_timeout_s: float = _setting(10, "seconds that one query of expressions may take", least=0.1)
    query_lookback_s: int = _setting(
        300,
        "seconds that expressions look back for a series' newest sample; longer for a series with a longer declared interval",
        least=1,
    )
    max_documents: int = _setting(1_000, "number of documents that the server keeps at most", least=1)
    max_document_bytes: int = _setting(65_536, "size of a document", least=2)

    max_header_bytes: int = _setting(16_384, "size of a request's headers", least=1_024)
    header_timeout_s: float = _setting(10, "seconds for a request's headers, from its first byte", least=0.1)
    idle_timeout_s: float = _setting(120, "seconds that an HTTP connection lives without a request", least=0.1)
    max_idle_connections: int = _setting(
        2_000, "HTTP connections without a request; beyond this number the oldest is closed", least=1
    )
    answer_timeout_s: float = _setting(
        15, "seconds after which the connection of a client that reads nothing of its answer is closed", least=0.1
    )
    max_answers_mib: int = _setting(128, "memory for answers that clients have not read yet, MiB", least=1)
    max_uri_bytes: int = _setting(4_096, "length of a request's address", least=64)
    max_body_bytes: int = _setting(1_048_576, "size of a request's body", least=1)
    max_lines_bytes: int = _setting(25_000_000, "size of a feeder's body of line protocol, unpacked", least=1)
    max_json_bytes: int = _setting(25_000_000, "size of a feeder's body of JSON samples, unpacked", least=1)
    max_ingest_bytes: int = _setting(4_194_304, "size of any other body of a feeder, unpacked", least=1)
    max_bodies_mib: int = _setting(256, "memory for the bodies of all requests together, MiB", least=1)
    max_otlp_bytes: int = _setting(20_971_520, "size of an OpenTelemetry body, unpacked", least=1)
    max_remote_write_bytes: int = _setting(33_554_432, "size of a remote write body, unpacked", least=1)
    otlp_resource_labels: tuple[str, ...] = _setting(
        (),
        "attributes of an OpenTelemetry resource that become labels of its series, besides job and instance; *: all attributes",
    )
    otlp_names: Literal["prometheus", "as_sent"] = _setting(
        "prometheus",
        "names of OpenTelemetry metrics: with units and _total as Prometheus has them, or as they were sent",
    )
    body_timeout_s: float = _setting(15, "seconds for a request's body", least=0.1)

    hello_s: float = _setting(
        5,
        "seconds in which a WebSocket client must send its first request or, without a login, watch its first view",
        least=0.1,
    )
    max_message_bytes: int = _setting(65_536, "size of a WebSocket message from a client", least=128)
    max_fragments: int = _setting(1_024, "fragments of a WebSocket message from a client", least=1)
    messages_per_s: float = _setting(20, "messages per second from a client", least=0.1)
    message_burst: float = _setting(60, "messages a client may send at once", least=1)
    controls_per_s: float = _setting(50, "pings and pongs per second from a client", least=0.1)
    control_burst: float = _setting(200, "pings and pongs a client may send at once", least=1)
    max_subscriptions: int = _setting(128, "views that one connection may watch", least=1)
    max_connections: int = _setting(20_000, "WebSocket connections of one process", least=1)
    max_anonymous_per_address: int = _setting(
        1_000, "WebSocket connections without a login from one client address, over all workers of a machine", least=1
    )
    heartbeat_s: float = _setting(10, "seconds without a sign of life after which a client is pinged", least=0.1)
    dead_s: float = _setting(20, "seconds without a sign of life after which a client is closed", least=0.2)
    stalled_s: float = _setting(
        9,
        "seconds after which a client whose socket stays full is dropped, if it was also silent for half of that time",
        least=0.1,
    )
    max_queue_bytes: int = _setting(1_048_576, "bytes of answers that may wait for one client", least=1_024)
    compression: bool = _setting(False, "offer WebSocket compression (permessage-deflate)")

    host_feeder: bool = _setting(True, "feed this machine's numbers")
    server_feeder: bool = _setting(True, "feed this server's numbers")
    feed_every_s: float = _setting(1, "seconds between two readings of host_feeder and server_feeder", least=0.05)
    sources: str = _setting("", "YAML file of sources: what is scraped, listened to and subscribed to")
    drain_s: float = _setting(8, "seconds that a stop may take", least=0.1)
    uvloop: bool = _setting(False, "run on uvloop; needs the extra [uvloop]")


#: Never shown, not even in part.
SECRETS = frozenset({"secret", "webhook_secret", "oidc_client_secret"})
_PASSWORD = re.compile(r"(//[^:/@\s]*:)\S*@")


def flag(name: str) -> str:
    """Convert a setting's name to its flag."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """Convert a setting's name to its environment variable."""
    return ENVIRONMENT_PREFIX + name.upper()


def shown(name: str, settings: Settings) -> str:
    """Format a setting's value for printing, without passwords and secrets."""
    value = getattr(settings, name)
    if name == "webhooks":  # their paths are often secrets
        return ", ".join(f"{without_password(each).partition('/')[0]}//{urlsplit(each).hostname}/…" for each in value)
    if isinstance(value, tuple):
        return ", ".join(without_password(str(each)) for each in value)
    if name in SECRETS:
        return "***" if value else ""
    return without_password(str(value))


def without_password(text: str) -> str:
    """Replace the passwords of URLs in a text by ``***``."""
    return _PASSWORD.sub(r"\1***@", text)


def is_open(settings: Settings) -> bool:
    """Return whether the local operator needs no login."""
    return settings.login == "auto" and is_loopback(settings.host) and not settings.proxies


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
