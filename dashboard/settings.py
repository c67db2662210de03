"""Every setting in one table: name, default, meaning. Flags override the environment, which overrides the file.

``dashboard check`` prints the table with the source of each value; docs/operations.md shows it, and a test compares them.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_type_hints
from urllib.parse import urlsplit

import msgspec

from dashboard.domain.errors import ConfigurationError
from dashboard.domain.series import CEILING

ENVIRONMENT_PREFIX = "DASHBOARD_"
#: Variables with the prefix that are not settings of the server.
OTHER_VARIABLES = frozenset({"DASHBOARD_CONFIG", "DASHBOARD_TOKEN", "DASHBOARD_URL", "DASHBOARD_WORKER"})


def _setting(default: Any, meaning: str, *, least: float | None = None, most: float = math.inf) -> Any:
    return field(default=default, metadata={"help": meaning, "least": least, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Valid once built by ``load``. Units are in the names."""

    host: str = _setting(
        "127.0.0.1",
        "address to listen on; an address that others can reach also needs secret, allowed_hosts, and TLS or proxies",
    )
    port: int = _setting(8888, "port to listen on; 0: any free port", least=0)
    data: str = _setting(
        ".data", "folder for the journal and the history, relative to the current folder; created if missing"
    )
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
        "key that signs sessions and links, at least 32 bytes; on a loopback address created in the data folder if empty",
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
    private_boards: tuple[str, ...] = _setting((), "boards that only operators see, and users to whom they are granted")
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
    redis_timeout_s: float = _setting(2, "seconds that Redis has for an answer", least=0.1)
    append_wait_s: float = _setting(5, "seconds that a request waits while Redis is away, before it gets 503", least=0)
    append_wait_mib: int = _setting(8, "payload that may wait for Redis, MiB", least=1)
    partitions: int = _setting(1, "number of partitions of the journal in Redis; the same for all processes", least=1)
    workers: int = _setting(1, "number of processes that serve; more than one needs redis", least=1)
    direct_port: int = _setting(0, "port of worker 1 alone; worker 2 has the next one, and so on; 0: none", least=0)
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
    max_documents: int = _setting(1_000, "number of documents that the server keeps at most", least=1)
    max_document_bytes: int = _setting(65_536, "size of a document", least=2)

    max_header_bytes: int = _setting(16_384, "size of a request's headers", least=1_024)
    header_timeout_s: float = _setting(10, "seconds for a request's headers, from its first byte", least=0.1)
    idle_timeout_s: float = _setting(120, "seconds that an HTTP connection lives without a request", least=0.1)
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
        "attributes of OpenTelemetry resources that are labels of all their series, besides job and instance; *: all",
    )
    otlp_names: Literal["prometheus", "as_sent"] = _setting(
        "prometheus",
        "names of OpenTelemetry metrics: with units and _total as Prometheus has them, or as they were sent",
    )
    body_timeout_s: float = _setting(15, "seconds for a request's body", least=0.1)

    hello_s: float = _setting(5, "seconds for a WebSocket client's first request", least=0.1)
    max_message_bytes: int = _setting(65_536, "size of a WebSocket message from a client", least=128)
    max_fragments: int = _setting(1_024, "fragments of a WebSocket message from a client", least=1)
    messages_per_s: float = _setting(20, "messages per second from a client", least=0.1)
    message_burst: float = _setting(60, "messages a client may send at once", least=1)
    controls_per_s: float = _setting(50, "pings and pongs per second from a client", least=0.1)
    control_burst: float = _setting(200, "pings and pongs a client may send at once", least=1)
    max_subscriptions: int = _setting(128, "views that one connection may watch", least=1)
    max_connections: int = _setting(20_000, "WebSocket connections of one process", least=1)
    max_anonymous_per_address: int = _setting(1_000, "WebSocket connections of one address without a login", least=1)
    heartbeat_s: float = _setting(10, "seconds without a sign of life after which a client is pinged", least=0.1)
    dead_s: float = _setting(20, "seconds without a sign of life after which a client is closed", least=0.2)
    stalled_s: float = _setting(
        9,
        "seconds that a client's socket may stay full before the client is dropped; it must also be silent for half of them",
        least=0.1,
    )
    max_queue_bytes: int = _setting(1_048_576, "bytes of answers that may wait for one client", least=1_024)
    compression: bool = _setting(False, "offer WebSocket compression (permessage-deflate)")

    host_feeder: bool = _setting(True, "feed this machine's numbers")
    server_feeder: bool = _setting(True, "feed this server's numbers")
    feed_every_s: float = _setting(1, "seconds between two readings of these two feeders", least=0.05)
    sources: str = _setting("", "YAML file of sources: what is scraped, listened to and subscribed to")
    drain_s: float = _setting(8, "seconds that a stop may take", least=0.1)
    uvloop: bool = _setting(False, "run on uvloop; needs the extra [uvloop]")


_TYPES = get_type_hints(Settings)
#: Never shown, not even in part.
SECRETS = frozenset({"secret", "webhook_secret", "oidc_client_secret"})
_PASSWORD = re.compile(r"(//[^:/@\s]*:)\S*@")
_PREFIX = _NODE_NAME = re.compile(r"[A-Za-z0-9._:-]{1,60}")
_MIN_SECRET_BYTES = 32
_URL = re.compile(r"https?://[^\s/@]+(/[^\s]*)?")
_ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, where each came from ("default", "file", a variable's name, a flag), and what deserves a warning."""

    settings: Settings
    sources: dict[str, str]
    warnings: tuple[str, ...] = ()


def flag(name: str) -> str:
    """Convert a setting's name to its flag."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """Convert a setting's name to its environment variable."""
    return ENVIRONMENT_PREFIX + name.upper()


def load(
    flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None, file: Path | None = None
) -> Loaded:
    """Put the settings together; raises ConfigurationError naming the setting, its source and the cure."""
    environ = environ or {}
    chosen: dict[str, Any] = {}
    sources = dict.fromkeys(_TYPES, "default")
    if file is not None:
        for name, value in _read_file(file).items():
            chosen[name] = _convert(name, value, f"{file}", strict=True)
            sources[name] = str(file)
    for name in _TYPES:
        if (text := environ.get(variable(name))) is not None:
            chosen[name] = _convert(name, text, variable(name), strict=False)
            sources[name] = variable(name)
    known = {variable(name) for name in _TYPES} | OTHER_VARIABLES
    warnings = [
        f"{name} is not a setting{_suggest(name, known)}"
        for name in environ
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known
    ]
    for name, value in (flags or {}).items():
        if value is not None and value != ():
            chosen[name] = _convert(name, value, flag(name), strict=False)
            sources[name] = flag(name)
    settings = Settings(**chosen)
    _check(settings, sources)
    return Loaded(settings, sources, tuple(warnings))


def _read_file(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not TOML: {error}") from None
    for name in content:
        if name not in _TYPES:
            raise ConfigurationError(f"{file}: {name} is not a setting{_suggest(name, _TYPES)}")
    return content


def _suggest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _convert(name: str, value: Any, source: str, *, strict: bool) -> Any:
    wanted = _TYPES[name]
    if wanted == tuple[str, ...] and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, wanted, strict=strict)
    except msgspec.ValidationError as error:
        reason = str(error).replace("`", "").replace("Expected", "expected")
        if wanted is bool:
            reason = "write true or false"
        raise ConfigurationError(f"{source}: {name} cannot be {value!r}: {reason}") from None


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


def _changed(sources: Mapping[str, str], first: str, second: str) -> str:
    """Which of two settings that do not go together somebody has set."""
    return second if sources[first] == "default" else first


def _check(settings: Settings, sources: Mapping[str, str]) -> None:
    def refuse(name: str, reason: str) -> None:
        raise ConfigurationError(f"{sources[name]}: {name} = {shown(name, settings)}: {reason}")

    for each in fields(Settings):
        least, value = each.metadata["least"], getattr(settings, each.name)
        if least is not None and not least <= value < math.inf:
            refuse(each.name, f"must be at least {least}, and finite")
        elif least is not None and value > each.metadata["most"]:
            refuse(each.name, f"must be at most {each.metadata['most']}")
    _check_reach(settings, refuse)
    if settings.port > 65_535:
        refuse("port", "must be at most 65535")
    if settings.coarse_step_s % settings.fine_step_s:
        changed = _changed(sources, "coarse_step_s", "fine_step_s")
        refuse(
            changed,
            f"coarse_step_s ({settings.coarse_step_s}) must be a multiple of fine_step_s ({settings.fine_step_s})",
        )
    if settings.dead_s <= settings.heartbeat_s:
        changed = _changed(sources, "dead_s", "heartbeat_s")
        refuse(changed, f"dead_s ({settings.dead_s:g}) must be more than heartbeat_s ({settings.heartbeat_s:g})")
    _check_processes(settings, sources, refuse)
    for origin in settings.trusted_origins:
        if not _ORIGIN.fullmatch(origin):
            refuse("trusted_origins", f"{origin} is not scheme://host or scheme://host:port")


def _check_reach(settings: Settings, refuse: Callable[[str, str], None]) -> None:
    """Refuse a server that others can reach without its protection, and settings of which one needs another."""
    if settings.secret and len(settings.secret.encode()) < _MIN_SECRET_BYTES:
        refuse("secret", f"has less than {_MIN_SECRET_BYTES} bytes; make one: openssl rand -base64 48")
    if settings.webhooks and len(settings.webhook_secret.encode()) < _MIN_SECRET_BYTES:
        refuse(
            "webhooks", f"webhook_secret must have at least {_MIN_SECRET_BYTES} bytes: what is posted is signed with it"
        )
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        refuse("tls_certificate", "tls_certificate and tls_key belong together")
    if not is_loopback(settings.host):
        missing = []
        if not settings.secret:
            missing.append("secret (openssl rand -base64 48)")
        if not settings.allowed_hosts:
            missing.append("allowed_hosts (the name that people type)")
        if not (settings.tls_certificate or settings.proxies):
            missing.append("tls_certificate and tls_key, or proxies (the address of the proxy that ends TLS)")
        if missing:
            refuse("host", "others can reach it, so it also needs " + "; ".join(missing))
    if settings.redis and not settings.secret and settings.workers == 1 and settings.store:
        refuse("secret", "processes on several machines need the same one; make it: openssl rand -base64 48")
    for url in (*settings.webhooks, *filter(None, (settings.oidc_issuer, settings.public_url))):
        if not _URL.fullmatch(url):
            refuse(
                "webhooks" if url in settings.webhooks else "public_url",
                f"{without_password(url)} is not http(s)://host/…",
            )
    if settings.oidc_issuer and find_spec("cryptography") is None:
        refuse("oidc_issuer", "its extra is not installed; pip install 'live-dashboard[oidc]'")
    if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
        refuse("oidc_issuer", "oidc_issuer and oidc_client_id belong together")


def _check_processes(settings: Settings, sources: Mapping[str, str], refuse: Callable[[str, str], None]) -> None:
    """Refuse settings that do not fit together when there are several processes."""
    if settings.workers > 1 and not settings.redis:
        refuse("workers", "several processes need a common journal; add redis = redis://127.0.0.1:6379/0 (--redis …)")
    if settings.redis and sources["journal"] != "default":
        refuse("journal", "the journal is in Redis when redis is set; leave one of the two out")
    if settings.partitions > 1 and not settings.redis:
        refuse("partitions", "only a journal in Redis is divided; set redis, or leave partitions at 1")
    if settings.partitions > 64:
        refuse("partitions", "must be at most 64")
    if not _PREFIX.fullmatch(settings.redis_prefix):
        refuse("redis_prefix", "write letters, digits, - _ . and :, at most 60")
    if settings.node_name and not _NODE_NAME.fullmatch(settings.node_name):
        refuse("node_name", "write letters, digits, - _ . and :, at most 60")
    if settings.direct_port + settings.workers > 65_535:
        refuse("direct_port", "the workers' ports must be at most 65535")
