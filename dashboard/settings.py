"""Every setting, in one table: name, default, what it means. From file, environment and flags, the later ones winning.

``dashboard check`` prints the table with where each value came from; docs/operations.md shows it (a test compares).
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

ENVIRONMENT_PREFIX = "DASHBOARD_"
#: Variables with the prefix that are not settings of the server.
OTHER_VARIABLES = frozenset({"DASHBOARD_CONFIG", "DASHBOARD_TOKEN", "DASHBOARD_URL", "DASHBOARD_WORKER"})


def _setting(default: Any, meaning: str, *, least: float | None = None) -> Any:
    return field(default=default, metadata={"help": meaning, "least": least})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Valid once built by ``load``. Units are in the names."""

    host: str = _setting(
        "127.0.0.1", "address to listen on; one that others can reach needs secret, allowed_hosts, and TLS or proxies"
    )
    port: int = _setting(8888, "port to listen on; 0: a free one", least=0)
    data: str = _setting(".data", "folder for the journal and the history; made if missing")
    allowed_hosts: tuple[str, ...] = _setting((), "names besides localhost that a request's Host may carry")
    trusted_origins: tuple[str, ...] = _setting(
        (), "foreign origins whose pages may use this server, as scheme://host:port"
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "least severe log records shown")
    log_format: Literal["text", "json"] = _setting("text", "log lines as text or JSON")

    login: Literal["auto", "required"] = _setting(
        "auto", "auto: on a loopback address the person at the machine is operator without a login; required: nobody is"
    )
    secret: str = _setting(
        "",
        "what sessions and links are signed with, at least 32 bytes; made in the data folder when others cannot reach us",
    )
    public_url: str = _setting("", "how others reach this server, https://name; for links that are printed or sent")
    proxies: tuple[str, ...] = _setting(
        (), "addresses of reverse proxies, which end TLS and whose X-Forwarded-For and -Proto are believed"
    )
    tls_certificate: str = _setting("", "file with the certificate chain (PEM), to serve https")
    tls_key: str = _setting("", "file with its key (PEM)")
    store: str = _setting(
        "", "where users and messages are: postgresql://user:password@host/name; none: SQLite in the data folder"
    )
    session_days: float = _setting(14, "how long a login lasts; renewed when half of it has passed", least=0.001)
    message_days: int = _setting(365, "how long messages are kept; notifications until they are read", least=1)
    audit_days: int = _setting(730, "how long the audit log is kept", least=1)
    public_boards: tuple[str, ...] = _setting((), "boards that everybody may see without a login")
    private_boards: tuple[str, ...] = _setting((), "boards that only those see to whom they are granted, and operators")
    max_user_connections: int = _setting(20, "WebSocket connections of one user", least=1)
    chat_per_s: float = _setting(1, "messages a second that a user may write", least=0.01)
    chat_burst: float = _setting(5, "messages a user may write at once", least=1)
    webhooks: tuple[str, ...] = _setting(
        (), "addresses that notifications are posted to, signed; no others are ever asked"
    )
    webhook_secret: str = _setting("", "what webhooks are signed with, at least 32 bytes")
    oidc_issuer: str = _setting(
        "", "OpenID provider for logins (install the extra: pip install 'live-dashboard[oidc]')"
    )
    oidc_client_id: str = _setting("", "this server's name at the provider")
    oidc_client_secret: str = _setting("", "this server's secret at the provider")
    oidc_role: Literal["none", "viewer", "editor", "operator"] = _setting(
        "viewer", "role of those who log in by OpenID for the first time; none: nobody new is let in"
    )

    journal: Literal["sqlite", "memory"] = _setting("sqlite", "where the journal is kept; memory survives nothing")
    journal_window_s: int = _setting(900, "how long entries are kept for replay", least=10)
    journal_max_mib: int = _setting(256, "how much the journal may hold", least=1)
    checkpoint_s: int = _setting(
        300, "how often the history is stored, or thrice a journal window when that is more often", least=1
    )

    redis: str = _setting(
        "",
        "where the journal of several processes is: redis://[user:password@]host[:port][/db], rediss://, redis+sentinel://, "
        "redis+cluster://",
    )
    redis_prefix: str = _setting("dashboard", "what this server's keys in Redis begin with")
    redis_timeout_s: float = _setting(2, "time for an answer from Redis", least=0.1)
    append_wait_s: float = _setting(5, "how long accepting waits while Redis is away, before it answers 503", least=0)
    append_wait_mib: int = _setting(8, "how much may wait for Redis", least=1)
    partitions: int = _setting(1, "parts the journal in Redis is divided into; the same for all processes", least=1)
    workers: int = _setting(1, "processes that serve; more than one needs redis", least=1)
    direct_port: int = _setting(
        0, "port at which worker 1 can be reached by itself, worker 2 at the next, and so on; 0: none", least=0
    )
    node_name: str = _setting(
        "", "what this process, or its workers with /NUMBER, are called; none: the machine's name"
    )
    watchdog_s: float = _setting(10, "a worker that does nothing for so long is replaced", least=0.5)

    raw_window_s: int = _setting(900, "how long every value is kept", least=10)
    raw_max_samples: int = _setting(10_000, "values kept of one series at the most, whatever its rate", least=100)
    fine_step_s: int = _setting(10, "length of a fine bucket (min, mean, max)", least=1)
    fine_window_s: int = _setting(21_600, "how long fine buckets are kept", least=10)
    coarse_step_s: int = _setting(60, "length of a coarse bucket; a multiple of fine_step_s", least=1)
    coarse_window_s: int = _setting(172_800, "how long coarse buckets, and series that fell silent, are kept", least=60)
    max_series: int = _setting(10_000, "series there may be", least=1)
    max_documents: int = _setting(1_000, "documents there may be", least=1)
    max_document_bytes: int = _setting(65_536, "length of one document", least=2)

    max_header_bytes: int = _setting(16_384, "length of a request's headers", least=1_024)
    header_timeout_s: float = _setting(10, "time for a request's headers, from its first byte", least=0.1)
    idle_timeout_s: float = _setting(120, "how long an HTTP connection lives without a request", least=0.1)
    max_uri_bytes: int = _setting(4_096, "length of a request's address", least=64)
    max_body_bytes: int = _setting(1_048_576, "length of a request's body", least=1)
    max_lines_bytes: int = _setting(25_000_000, "length of a feeder's body of line protocol, unpacked", least=1)
    max_json_bytes: int = _setting(25_000_000, "length of a feeder's body of JSON samples, unpacked", least=1)
    max_ingest_bytes: int = _setting(4_194_304, "length of any other body of a feeder, unpacked", least=1)
    body_timeout_s: float = _setting(15, "time for a request's body", least=0.1)

    hello_s: float = _setting(5, "time for a WebSocket client's first request", least=0.1)
    max_message_bytes: int = _setting(65_536, "length of a WebSocket message from a client", least=128)
    max_fragments: int = _setting(1_024, "fragments of such a message", least=1)
    messages_per_s: float = _setting(20, "messages a second from a client", least=0.1)
    message_burst: float = _setting(60, "messages a client may send at once", least=1)
    controls_per_s: float = _setting(50, "pings and pongs a second from a client", least=0.1)
    control_burst: float = _setting(200, "pings and pongs a client may send at once", least=1)
    max_subscriptions: int = _setting(128, "views on one connection", least=1)
    max_connections: int = _setting(20_000, "WebSocket connections", least=1)
    heartbeat_s: float = _setting(10, "a client that is quiet this long is pinged", least=0.1)
    dead_s: float = _setting(20, "a client that is quiet this long is given up", least=0.2)
    stalled_s: float = _setting(
        9, "a client that takes nothing this long, and says nothing half as long, is given up", least=0.1
    )
    max_queue_bytes: int = _setting(1_048_576, "unread answers that may wait for one client", least=1_024)
    compression: bool = _setting(False, "offer permessage-deflate")

    host_feeder: bool = _setting(True, "feed this machine's own numbers")
    server_feeder: bool = _setting(True, "feed this server's own numbers")
    feed_every_s: float = _setting(1, "how often both do", least=0.05)
    sources: str = _setting("", "file that says what is scraped, listened to and subscribed to (YAML)")
    drain_s: float = _setting(8, "longest time that a stop may take", least=0.1)
    uvloop: bool = _setting(False, "run on uvloop (install the extra: pip install 'live-dashboard[uvloop]')")


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
    """A setting's name as a flag."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """A setting's name as an environment variable."""
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
    """A setting's value as it may be printed: without passwords."""
    value = getattr(settings, name)
    if name == "webhooks":  # their paths are often secrets
        return ", ".join(f"{without_password(each).partition('/')[0]}//{urlsplit(each).hostname}/…" for each in value)
    if isinstance(value, tuple):
        return ", ".join(without_password(str(each)) for each in value)
    if name in SECRETS:
        return "***" if value else ""
    return without_password(str(value))


def without_password(text: str) -> str:
    """A text without the passwords of URLs in it."""
    return _PASSWORD.sub(r"\1***@", text)


def is_open(settings: Settings) -> bool:
    """Whether the person at the machine needs no login."""
    return settings.login == "auto" and is_loopback(settings.host) and not settings.proxies


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
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
    """What a server needs that others can reach, and what belongs together."""
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
    """What belongs together when there are several processes."""
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
