"""Loading of the settings: flags override the environment, which overrides the file. Checks that the settings fit together."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import ConfigurationError
from dashboard.domain.ip_addresses import plain_address
from dashboard.settings import (
    ENVIRONMENT_PREFIX,
    OTHER_VARIABLES,
    Settings,
    flag,
    is_loopback,
    shown,
    variable,
    without_password,
)

_TYPES = get_type_hints(Settings)
_PREFIX = _NODE_NAME = re.compile(r"[A-Za-z0-9._:-]{1,60}")
_MIN_SECRET_BYTES = 32
_LISTS_OF_URLS = frozenset({"webhooks"})
_URL = re.compile(r"https?://[^\s/@]+(/[^\s]*)?")
_ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, where each setting came from ("default", "file", a variable's name, a flag), and warnings."""

    settings: Settings
    sources: dict[str, str]
    warnings: tuple[str, ...] = ()


def load(
    flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None, file: Path | None = None
) -> Loaded:
    """Collect the settings from flags, environment and file.

    Raises ConfigurationError, which names the setting, its source, and what to do.
    """
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
    if wanted == tuple[str, ...] and not strict:
        value = _items(name, value)
    try:
        return msgspec.convert(value, wanted, strict=strict)
    except msgspec.ValidationError as error:
        reason = "write true or false" if wanted is bool else fault_of(error).said("it")
        raise ConfigurationError(f"{source}: {name} cannot be {value!r}: {reason}") from None


def _items(name: str, value: str | Sequence[str]) -> list[str]:
    """Return the items of a list from a variable, or from a flag that was given once or several times; a URL may contain commas."""
    if not isinstance(value, str) and name in _LISTS_OF_URLS:
        return list(value)
    texts = [value] if isinstance(value, str) else value
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _changed(sources: Mapping[str, str], first: str, second: str) -> str:
    """Return which of two conflicting settings an error names: ``first``, unless it has its default."""
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
    for proxy in settings.proxies:
        if not plain_address(proxy):
            refuse("proxies", f"{proxy} is not an IP address; write the address of each proxy, not a name or a network")
    for origin in settings.trusted_origins:
        if not _ORIGIN.fullmatch(origin):
            refuse("trusted_origins", f"{origin} is not scheme://host or scheme://host:port")


def _check_reach(settings: Settings, refuse: Callable[[str, str], None]) -> None:
    """Refuse a server that other machines can reach without protection. Refuse a setting if another setting that it needs is missing."""
    if settings.secret and len(settings.secret.encode()) < _MIN_SECRET_BYTES:
        refuse("secret", f"has less than {_MIN_SECRET_BYTES} bytes; make one: openssl rand -base64 48")
    if settings.webhooks and len(settings.webhook_secret.encode()) < _MIN_SECRET_BYTES:
        refuse(
            "webhooks",
            f"webhook_secret must have at least {_MIN_SECRET_BYTES} bytes: it signs the posted notifications",
        )
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        refuse("tls_certificate", "tls_certificate and tls_key belong together")
    if not is_loopback(settings.host):
        missing = []
        if not settings.secret:
            missing.append("secret (openssl rand -base64 48)")
        if not settings.allowed_hosts:
            missing.append("allowed_hosts (the host name in the users' browsers)")
        if not (settings.tls_certificate or settings.proxies):
            missing.append("tls_certificate and tls_key, or proxies (the address of the proxy that ends TLS)")
        if missing:
            refuse("host", "other machines can reach this address, so the server also needs " + "; ".join(missing))
    if settings.redis and not settings.secret and settings.workers == 1 and settings.store:
        refuse("secret", "all processes need the same secret; make one: openssl rand -base64 48")
    for url in (*settings.webhooks, *filter(None, (settings.oidc_issuer, settings.public_url))):
        if not _URL.fullmatch(url):
            refuse(
                "webhooks" if url in settings.webhooks else "public_url",
                f"{without_password(url)} is not http(s)://host/…",
            )
    if settings.oidc_issuer and find_spec("cryptography") is None:
        refuse("oidc_issuer", "the extra [oidc] is not installed; pip install 'live-dashboard[oidc]'")
    if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
        refuse("oidc_issuer", "oidc_issuer and oidc_client_id belong together")


def _check_processes(settings: Settings, sources: Mapping[str, str], refuse: Callable[[str, str], None]) -> None:
    """Refuse settings that do not fit together when there are several processes."""
    if settings.workers > 1 and not settings.redis:
        refuse("workers", "several processes need a common journal; add redis = redis://127.0.0.1:6379/0 (--redis …)")
    if settings.redis and sources["journal"] != "default":
        refuse("journal", "the journal is in Redis when redis is set; leave one of the two out")
    if settings.partitions > 1 and not settings.redis:
        refuse("partitions", "only a journal in Redis has several partitions; set redis, or leave partitions at 1")
    if settings.partitions > 64:
        refuse("partitions", "must be at most 64")
    if not _PREFIX.fullmatch(settings.redis_prefix):
        refuse("redis_prefix", "write at most 60 letters, digits, - _ . and :")
    if settings.node_name and not _NODE_NAME.fullmatch(settings.node_name):
        refuse("node_name", "write at most 60 letters, digits, - _ . and :")
    if settings.direct_port + settings.workers > 65_535:
        refuse("direct_port", "the workers' ports must be at most 65535")
